"""How sure the assignment of frames to components is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError

#: A component with a smaller share of the frames is not active.
MIN_SHARE = 1e-3
#: A frame whose largest q is above this is assigned with certainty.
CERTAIN = 0.95


@dataclass(frozen=True, eq=False)
class AssignmentQuality:
    """How sure the assignment is.

    Parameters
    ----------
    n_components : int
        k.
    n_active : int
        Components with a share of the frames worth speaking of.
    populations : ndarray of float64 of shape (k,)
        Mean of q(y|x) over the frames.
    mean_entropy : float
        Mean entropy of q(y|x) in nats: 0 where every frame is certain, ln k at most.
    share_certain : float
        Share of the frames whose largest q is above 0.95.
    certain : ndarray of float64 of shape (k,)
        The same of the frames labelled with each component; NaN without frames.
    """

    n_components: int
    n_active: int
    populations: np.ndarray
    mean_entropy: float
    share_certain: float
    certain: np.ndarray


def assignment_quality(probabilities: Any, *, min_share: float = MIN_SHARE) -> AssignmentQuality:
    """Active components, entropy of q(y|x) and share of frames assigned with certainty.

    Parameters
    ----------
    probabilities : (n_frames, k) array-like of float
        q(y|x).
    min_share : float
        Share of the frames from which on a component counts as active.

    Returns
    -------
    AssignmentQuality

    Raises
    ------
    InputError
        When they are no probabilities.

    Examples
    --------
    >>> from mdgmvae.kinetics import assignment_quality
    >>> found = assignment_quality([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    >>> found.n_active, round(found.mean_entropy, 3), found.share_certain
    (2, 0.347, 0.5)
    """
    q = np.asarray(probabilities)
    if q.ndim != 2 or q.size == 0 or q.dtype.kind != "f" or not _are_probabilities(q):
        raise InputError(
            "probabilities: shares of 0 to 1 that add up to 1 in each row are needed, of shape "
            f"(n_frames, k), got an array of shape {q.shape} and dtype {q.dtype}"
        )
    q = q.astype(np.float64)
    populations = q.mean(axis=0)
    logs = np.log(q, out=np.zeros_like(q), where=q > 0)
    sure = q.max(axis=1) > CERTAIN
    labels = q.argmax(axis=1)
    frames = np.bincount(labels, minlength=q.shape[1])
    with np.errstate(invalid="ignore"):
        certain = np.bincount(labels, weights=sure, minlength=q.shape[1]) / frames
    return AssignmentQuality(
        n_components=q.shape[1],
        n_active=int((populations >= min_share).sum()),
        populations=populations,
        mean_entropy=float(-(q * logs).sum(axis=1).mean()),
        share_certain=float(sure.mean()),
        certain=certain,
    )


def _are_probabilities(q: np.ndarray) -> bool:
    return bool((q >= 0).all() and np.allclose(q.sum(axis=1), 1.0, atol=1e-3))
