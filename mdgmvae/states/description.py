"""Describe states: the features that set each one apart, and frames that represent it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..labels import with_article
from ..storage.shown_features import ShownFeatures
from ..tables import counted
from ..training.dataset import Dataset
from .moments import StateMoments, effect_sizes, means_and_spreads
from .representatives import diverse_frames
from .sensitivity import mean_gradients
from .state_features import KINDS, Description, check_described

if TYPE_CHECKING:
    from ..model.gmvae import GMVAE
    from ..storage.features import FeatureSet

#: Frames of each state over which gradients are averaged.
GRADIENT_FRAMES = 500
#: The standard deviation of angles without any preferred direction, in degrees.
_UNIFORM = 180 / np.sqrt(3)


def describe(
    model: GMVAE,
    features: FeatureSet,
    results: Any,
    of: str = "states",
    n_representatives: int = 5,
) -> Description:
    """Describe states by their features, in one pass over the features and in bounded memory.

    Parameters
    ----------
    model : GMVAE
        The trained estimator.
    features : FeatureSet
        Features of the frames of `results`.
    results : Results
        Results of the model for these frames (`GMVAEAnalysis.results`).
    of : {"states", "components"}
        Metastable states, or the components of the mixture that they are made of.
    n_representatives : int
        Number of representative frames of each state.

    Returns
    -------
    Description

    Raises
    ------
    InputError
        If `of` has another value, or `features` and `results` have different frames.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from MDAnalysis.analysis.results import Results
    >>> from mdgmvae import GMVAE, FeatureSet
    >>> rng = np.random.default_rng(0)
    >>> x = np.concatenate([rng.normal(-5, 1, (600, 2)), rng.normal([-5, 5], 1, (300, 2))])
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.npy"
    >>> np.save(path, x.astype(np.float32))
    >>> settings = {"n_epochs": 20, "lr": 0.01, "batch_size": 50}
    >>> model = GMVAE.from_preset("robust", k=2, seed=0, **settings).fit(path)
    >>> results = Results(
    ...     components=model.predict(x), component_probabilities=model.predict_proba(x),
    ...     latent=model.transform(x), frames=np.arange(900),
    ... )
    >>> found = describe(model, FeatureSet.load(path), results, of="components")
    >>> found.top(1, 1)[0].name, len(found.representatives[1])
    ('x1', 5)
    """
    if of not in [*KINDS]:
        raise InputError(f"of={of!r}: choose 'states' or 'components'")
    (found,) = _described(model, features, results, [of], n_representatives)
    return found


def describe_both(
    model: GMVAE, features: FeatureSet, results: Any, n_representatives: int = 5
) -> tuple[Description, Description]:
    """Describe the states and the components, in a single pass over the features.

    Parameters
    ----------
    model, features, results, n_representatives
        As in `describe`.

    Returns
    -------
    states, components : Description

    Raises
    ------
    InputError
        If `features` and `results` have different frames.

    Examples
    --------
    ::

        states, components = describe_both(gm.model, gm.features, gm.results)
        print(components)
    """
    states, components = _described(model, features, results, list(KINDS), n_representatives)
    return states, components


@dataclass(frozen=True, eq=False)
class _Assigned:
    """States (or components) of the frames.

    `labels` (n_frames,) int64 are the states, `probability` (n_frames,) is the probability of the
    state of each frame, and `members` (n_states, k) bool marks the components of each state.
    """

    of: str
    labels: np.ndarray
    probability: np.ndarray
    members: np.ndarray

    @classmethod
    def to(cls, of: str, model: GMVAE, results: Any) -> _Assigned:
        if of == "components":
            labels, probabilities = results.components, results.component_probabilities
            members = np.eye(probabilities.shape[1], dtype=bool)
        else:
            labels, probabilities = results.labels, results.probabilities
            states = np.arange(probabilities.shape[1])
            members = model.state_of_component_ == states[:, np.newaxis]
        own = np.take_along_axis(probabilities, np.maximum(labels, 0)[:, np.newaxis], axis=1)
        return cls(of, labels, np.where(labels >= 0, own[:, 0], 0.0), members)


def _described(
    model: GMVAE, features: FeatureSet, results: Any, kinds: Sequence[str], n_representatives: int
) -> list[Description]:
    n_wanted = check_count("n_representatives", n_representatives)
    check_described(results, features)
    if not hasattr(model, "state_of_component_"):
        raise InputError(
            f"model: pass a fitted GMVAE, such as gm.model; this is {with_article(model)}"
        )
    assigned = [_Assigned.to(of, model, results) for of in kinds]
    n_labels = len(assigned[0].labels)
    if len(features) != n_labels:
        raise InputError(
            f"{features.path}: has {counted(len(features), 'frame')} for "
            f"{counted(n_labels, 'label')}; pass the features from which the results were computed"
        )
    shown = ShownFeatures.of(features.names, features.units)
    data = Dataset(features)
    groups, of_group = _groups([kind.labels for kind in assigned])
    sums = StateMoments.sum_up(shown, data.chunks(), groups, len(of_group))
    return [
        _description(
            model,
            data,
            shown,
            kind,
            sums.joined(np.arange(len(kind.members))[:, np.newaxis] == of_group[:, column]),
            results,
            n_wanted,
        )
        for column, kind in enumerate(assigned)
    ]


def _groups(labels: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Group frames that have the same labels of every kind.

    Returns the group of each frame (n_frames,) and the labels of each group (n_groups, n_kinds).
    With states and components, a group is a component within a state, so both can be summed over
    groups.
    """
    n = [int(of_kind.max(initial=-1)) + 2 for of_kind in labels]
    code = np.ravel_multi_index([of_kind + 1 for of_kind in labels], n)
    codes, groups = np.unique(code, return_inverse=True)
    return groups.astype(np.int64), np.column_stack(np.unravel_index(codes, n)) - 1


def _description(
    model: GMVAE,
    data: Dataset,
    shown: ShownFeatures,
    assigned: _Assigned,
    sums: StateMoments,
    results: Any,
    n_representatives: int,
) -> Description:
    labels, members = assigned.labels, assigned.members
    mean, spread = means_and_spreads(shown, sums)
    gradient = mean_gradients(model.model_, data, shown, labels, members, GRADIENT_FRAMES)
    chosen = diverse_frames(
        labels, results.latent, assigned.probability, results.frames, n_representatives
    )
    nothing = np.empty(0, np.int64)
    return Description(
        of=assigned.of,
        names=shown.names,
        units=shown.units,
        n_frames=sums.n.astype(np.int64),
        mean=mean,
        spread=spread,
        effect_size=effect_sizes(shown, sums),
        gradient=gradient * _standard_deviations(shown, sums),
        representatives=tuple(
            results.frames[chosen[state]] if state in chosen else nothing
            for state in range(len(members))
        ),
    )


def _standard_deviations(shown: ShownFeatures, sums: StateMoments) -> np.ndarray:
    """Compute the standard deviation of each feature over all frames, in radians for angles."""
    spread = means_and_spreads(shown, sums.all)[1][0]
    deviations = np.where(shown.is_angle, np.radians(np.minimum(spread, _UNIFORM)), spread)
    return np.asarray(deviations)
