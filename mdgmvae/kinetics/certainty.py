"""Measure how certain the assignment of frames to components or states is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_number
from ..errors import InputError
from ..tables import Shown, Table, number, percent

#: A component with a smaller population is not active.
MIN_SHARE = 1e-3
#: A frame whose largest probability is above this is assigned with certainty.
CERTAIN = 0.95


@dataclass(frozen=True, eq=False, repr=False)
class AssignmentQuality(Shown):
    """How certain the assignment is; prints as a table.

    Parameters
    ----------
    n_components : int
        Number of components (or states) k.
    n_active : int
        Number of components whose population is not negligible.
    populations : ndarray of float64 of shape (k,)
        Mean assignment probability of each component over all frames.
    mean_entropy : float
        Mean entropy of the assignment probabilities in nats, from 0 if every frame is
        assigned with certainty to at most ln k.
    share_certain : float
        Share of the frames whose largest assignment probability is above 0.95.
    certain : ndarray of float64 of shape (k,)
        The same share among the frames of each component; NaN without frames.
    """

    n_components: int
    n_active: int
    populations: np.ndarray
    mean_entropy: float
    share_certain: float
    certain: np.ndarray

    def tables(self) -> list[Table]:
        """Return a table with a row for each component."""
        rows = tuple(
            (component, percent(share), percent(certain))
            for component, (share, certain) in enumerate(
                zip(self.populations.tolist(), self.certain.tolist(), strict=True)
            )
        )
        return [
            Table(
                ("component", "mean probability / %", f"frames above {CERTAIN} / %"),
                rows,
                title=f"{self.n_active} of {self.n_components} components are active; "
                f"{percent(self.share_certain)} % of the frames are assigned with a probability "
                f"above {CERTAIN}, mean entropy {number(self.mean_entropy)} nats",
            )
        ]


def assignment_quality(probabilities: Any, *, min_share: float = MIN_SHARE) -> AssignmentQuality:
    """Measure how certain assignment probabilities are.

    Parameters
    ----------
    probabilities : (n_frames, k) array-like of float
        Assignment probabilities q(y|x).
    min_share : float
        Smallest population of an active component.

    Returns
    -------
    AssignmentQuality

    Raises
    ------
    InputError
        If `probabilities` are not probabilities.

    Examples
    --------
    >>> from mdgmvae.kinetics import assignment_quality
    >>> found = assignment_quality([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    >>> found.n_active, round(found.mean_entropy, 3), found.share_certain
    (2, 0.347, 0.5)
    """
    min_share = check_number("min_share", min_share, low=0, high=1)
    q = np.asarray(probabilities)
    if q.ndim != 2 or q.size == 0 or q.dtype.kind != "f" or not _are_probabilities(q):
        raise InputError(
            "probabilities: pass an array of shape (n_frames, k) of numbers from 0 to 1 that add "
            f"up to 1 for each frame, not one of shape {q.shape} and dtype {q.dtype}"
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
