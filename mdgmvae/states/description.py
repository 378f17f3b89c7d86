"""What the states are: the features that set each one apart, and frames that show it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..storage.shown_features import ShownFeatures
from ..training.dataset import Rows
from .moments import StateMoments, effect_sizes, means_and_spreads
from .representatives import diverse_rows
from .sensitivity import mean_gradients

if TYPE_CHECKING:
    from ..model.gmvae import GMVAE
    from ..storage.features import FeatureSet

#: The kinds of states, and what one of them is called.
KINDS = {"states": "state", "components": "component"}
#: Frames of each state over which gradients are averaged.
GRADIENT_FRAMES = 500
#: An effect size that is called large (Cohen, Statistical Power Analysis, 1988).
LARGE = 0.8
#: The standard deviation of angles without any preferred direction, in degrees.
_UNIFORM = 180 / np.sqrt(3)


@dataclass(frozen=True)
class FeatureOfState:
    """What one feature is in one state.

    Attributes
    ----------
    name : str
    unit : str
        Of mean and spread: "degree", "angstrom" or "1".
    mean : float
        Of an angle the circular mean.
    spread : float
        Standard deviation; of an angle the circular one.
    effect_size : float
        Difference from all other frames, in units of the spread within both.
    gradient : float
        Mean of abs(d log q(state|x) / d feature) over frames of the state, in nats per standard
        deviation of the feature.
    """

    name: str
    unit: str
    mean: float
    spread: float
    effect_size: float
    gradient: float


@dataclass(frozen=True, eq=False)
class Description:
    """What is known of each state; it shows itself as a table in a notebook.

    Attributes
    ----------
    of : {"states", "components"}
        Metastable states, or the components that they are lumped from.
    names, units : tuple of str
        One a feature. The cosine and the sine of an angle are one feature, in degrees.
    n_frames : ndarray of int64 of shape (k,)
        Frames of each state; an empty component has 0, and NaN everywhere below.
    mean, spread : ndarray of shape (k, n_features)
        Mean and standard deviation; of an angle the circular ones, in degrees.
    effect_size : ndarray of shape (k, n_features)
        Difference between the means in the state and in all other frames, over the pooled
        standard deviation (Hedges' g); of an angle `mdgmvae.states.moments.effect_sizes` says
        how. NaN where there are no other frames.
    gradient : ndarray of shape (k, n_features)
        Mean of abs(d log q(state|x) / d feature) over frames of the state, in nats per standard
        deviation of the feature over all frames (of an angle 104 degrees at most, that of
        angles that are spread evenly). It is small where the frames of a state belong to it
        beyond doubt.
    representatives : tuple of ndarray of int64
        Frame numbers for each state: the one nearest to its centre, then others, spread over
        the state.
    """

    of: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    n_frames: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    effect_size: np.ndarray
    gradient: np.ndarray
    representatives: tuple[np.ndarray, ...]

    @property
    def kind(self) -> str:
        """What one of the states is called: "state" or "component"."""
        return KINDS[self.of]

    @property
    def states(self) -> list[int]:
        """The states that have frames."""
        return [int(state) for state in np.flatnonzero(self.n_frames)]

    @property
    def populations(self) -> np.ndarray:
        """Share of the frames in each state, shape (k,)."""
        return self.n_frames / self.n_frames.sum()

    def order(self, state: int) -> np.ndarray:
        """Features by falling absolute effect size: shape (n_features,), int64."""
        return np.argsort(-np.nan_to_num(np.abs(self.effect_size[state])), kind="stable")

    def top(self, state: int, n: int = 3) -> list[FeatureOfState]:
        """The features that set a state apart most, by falling absolute effect size.

        Parameters
        ----------
        state : int
        n : int
            How many at most.

        Returns
        -------
        list of FeatureOfState

        Raises
        ------
        InputError
            When there is no such state, or it has no frames.
        """
        if state not in self.states:
            raise InputError(
                f"state={state}: choose one of the {self.of} with frames, {self.states}"
            )
        return [self._feature(state, feature) for feature in self.order(state)[: max(n, 0)]]

    def text(self, n: int = 3) -> str:
        """Each state with its `n` leading features and its representative frames."""
        from .description_text import as_text

        return as_text(self, n)

    def brief(self, n: int = 3) -> str:
        """A line for each state: its leading features with a large effect size (0.8 or more).

        Empty where there are no two states, or none of them is set apart by a feature.
        """
        from .description_text import as_lines

        return as_lines(self, n)

    def to_dict(self) -> dict[str, Any]:
        """Everything as lists, numbers and strings for JSON; None for what is not finite."""
        from .description_text import as_dict

        return as_dict(self)

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write a line for each state and feature, by falling effect size; replaced whole.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        InputError
            When the file cannot be written.
        """
        from .description_text import write_csv

        write_csv(path, [self])

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Description of {len(self.states)} {self.of} by {len(self.names):,} features>"

    def _repr_html_(self) -> str:
        from .description_text import as_html

        return as_html(self)

    def _feature(self, state: int, feature: int) -> FeatureOfState:
        arrays = (self.mean, self.spread, self.effect_size, self.gradient)
        numbers = (float(array[state, feature]) for array in arrays)
        return FeatureOfState(self.names[feature], self.units[feature], *numbers)


def describe(
    model: GMVAE,
    features: FeatureSet,
    results: Any,
    of: str = "states",
    n_representatives: int = 5,
) -> Description:
    """Describe states by their features, in one pass over them and in bounded memory.

    Parameters
    ----------
    model : GMVAE
        The trained estimator.
    features : FeatureSet
        Of the frames of `results`.
    results : Results
        What the model says of them (`GMVAEAnalysis.results`, `mdgmvae.assignment.label`).
    of : {"states", "components"}
        Metastable states, or components.
    n_representatives : int
        Frames that are to stand for each state.

    Returns
    -------
    Description

    Raises
    ------
    InputError
        When `of` is something else, or the features are not those of the results.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from mdgmvae import GMVAE, FeatureSet
    >>> from mdgmvae.assignment import label
    >>> rng = np.random.default_rng(0)
    >>> x = np.concatenate([rng.normal(-5, 1, (600, 2)), rng.normal([-5, 5], 1, (300, 2))])
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.npy"
    >>> np.save(path, x.astype(np.float32))
    >>> features = FeatureSet.load(path)
    >>> model = GMVAE.from_preset("robust", k=2, n_epochs=5, n_init=1, seed=0).fit(path)
    >>> found = describe(model, features, label(model, features), of="components")
    >>> found.top(1, 1)[0].name, len(found.representatives[1])
    ('x1', 5)
    """
    n_wanted = check_count("n_representatives", n_representatives)
    labels, members = _states(model, results, of)
    if len(features) != len(labels):
        raise InputError(
            f"{features.path}: has {len(features):,} rows for {len(labels):,} labels; give the "
            "features that the results were made of"
        )
    shown = ShownFeatures.of(features.names, features.units)
    data = Rows(features.path)
    sums = StateMoments.sum_up(shown, data.chunks(), labels, len(members))
    mean, spread = means_and_spreads(shown, sums)
    gradient = mean_gradients(model.model_, data, shown, labels, members, GRADIENT_FRAMES)
    rows = diverse_rows(
        labels, results.latent, _own_q(results.component_probabilities, labels, members),
        results.frames, n_wanted,
    )  # fmt: skip
    nothing = np.empty(0, np.int64)
    return Description(
        of=of,
        names=shown.names,
        units=shown.units,
        n_frames=sums.n.astype(np.int64),
        mean=mean,
        spread=spread,
        effect_size=effect_sizes(shown, sums),
        gradient=gradient * _standard_deviations(shown, sums),
        representatives=tuple(
            results.frames[rows[state]] if state in rows else nothing
            for state in range(len(members))
        ),
    )


def _states(model: GMVAE, results: Any, of: str) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the frames, and which components (column) make up each state (row)."""
    if of not in KINDS:
        raise InputError(f"of={of!r}: give 'states' or 'components'")
    k = model.architecture_.k
    if of == "components":
        return results.components, np.eye(k, dtype=bool)
    of_component = model.state_of_component_
    states = np.arange(of_component.max() + 1)
    return results.labels, of_component == states[:, np.newaxis]


def _own_q(probabilities: np.ndarray, labels: np.ndarray, members: np.ndarray) -> np.ndarray:
    """q of the state that each frame has: shape (n_frames,), float32."""
    own = np.zeros(len(labels), np.float32)
    for state, of_state in enumerate(members):
        rows = np.flatnonzero(labels == state)
        own[rows] = probabilities[rows][:, of_state].sum(axis=1)
    return own


def _standard_deviations(shown: ShownFeatures, sums: StateMoments) -> np.ndarray:
    """Of each feature over all frames: shape (n_features,); of angles in radians."""
    spread = means_and_spreads(shown, sums.all)[1][0]
    return np.where(shown.is_angle, np.radians(np.minimum(spread, _UNIFORM)), spread)
