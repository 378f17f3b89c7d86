"""Descriptions of states by their features, as values that can be displayed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..labels import with_article
from ..storage.atomic import atomic_file
from ..storage.features import FeatureSet
from ..storage.shown_features import with_unit
from ..tables import Shown, Table, percent, to_plain

#: What can be described, and the word for a single one.
KINDS = {"states": "state", "components": "component"}
#: Effect sizes from this value on are called large (Cohen, Statistical Power Analysis, 1988).
LARGE = 0.8
#: An angle whose circular standard deviation in a state reaches this value, in degrees, points
#: nowhere there, so that its mean does not set the state apart.
NO_DIRECTION = 90.0
_CSV_COLUMNS = (
    *("kind", "state", "n_frames", "population", "feature", "unit", "mean", "spread"),
    *("effect_size", "gradient", "representatives"),
)
#: Characters of the features in a line of `Description.brief`.
_WIDTH = 89


def check_described(results: Any, features: Any) -> None:
    """Raise an error unless these are results, and features or None.

    Raises
    ------
    InputError
        If they are something else.
    """
    if not hasattr(results, "latent"):
        raise InputError(
            "results: pass the results of an analysis or an assignment, such as gm.results; this "
            f"is {with_article(results)}"
        )
    if not isinstance(features, FeatureSet | None):
        raise InputError(
            f"features: pass a FeatureSet, such as gm.features; this is {with_article(features)}"
        )


@dataclass(frozen=True)
class FeatureOfState:
    """One feature in one state.

    Attributes
    ----------
    name : str
    unit : str
        Unit of mean and spread: "degree", "angstrom" or "1".
    mean : float
        Mean; for angles, the circular mean.
    spread : float
        Standard deviation; for angles, the circular one.
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

    @property
    def cells(self) -> tuple[str, ...]:
        """Name, mean, spread, effect size and gradient as text."""
        gradient = "-" if np.isnan(self.gradient) else f"{self.gradient:.2g}"
        return (*self._measured, _signed(self.effect_size, 2), gradient)

    @property
    def phrase(self) -> str:
        """Name, mean, spread and effect size in a few words."""
        name, mean, spread = self._measured
        return f"{name} {mean} ± {spread} ({_signed(self.effect_size, 1)})"

    @property
    def _measured(self) -> tuple[str, str, str]:
        return self.name, with_unit(self.mean, self.unit), with_unit(self.spread, self.unit)


@dataclass(frozen=True, eq=False, repr=False)
class Description(Shown):
    """The features that set each state apart; prints as a table.

    Attributes
    ----------
    of : {"states", "components"}
        What is described.
    names, units : tuple of str
        Name and unit of each feature. The cosine and the sine of an angle are one feature, in
        degrees.
    n_frames : ndarray of int64 of shape (k,)
        Frames of each state. A state without frames has NaN in the arrays below.
    mean, spread : ndarray of shape (k, n_features)
        Mean and standard deviation; for angles, the circular ones in degrees.
    effect_size : ndarray of shape (k, n_features)
        Difference between the means in the state and in all other frames, divided by the pooled
        standard deviation (Hedges' g). `mdgmvae.states.moments.effect_sizes` explains
        the definition for angles. NaN if there are no other frames.
    gradient : ndarray of shape (k, n_features)
        Mean of abs(d log q(state|x) / d feature) over frames of the state, in nats per standard
        deviation of the feature over all frames. The standard deviation of an angle is capped
        at 104 degrees, the value for angles without a preferred direction. The gradient is small
        where the frames of a state certainly belong to it.
    representatives : tuple of ndarray of int64
        Frame numbers for each state: first the frame nearest to its centre, then others that are
        spread over the state.
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
        """The word for one of the states: "state" or "component"."""
        return KINDS[self.of]

    @property
    def states(self) -> list[int]:
        """The states that have frames."""
        return [int(state) for state in np.flatnonzero(self.n_frames)]

    @property
    def populations(self) -> np.ndarray:
        """Share of the frames in each state, (k,) float64."""
        return np.asarray(self.n_frames / self.n_frames.sum())

    def order(self, state: int) -> np.ndarray:
        """Return the numbers of the features by decreasing absolute effect size.

        Angles that are spread over the circle, with a standard deviation of 90 degrees or more in
        the state, come last.

        Parameters
        ----------
        state : int

        Returns
        -------
        ndarray of int64 of shape (n_features,)

        Raises
        ------
        InputError
            If there is no such state, or it has no frames.
        """
        if state not in self.states:
            raise InputError(
                f"state={state!r}: choose one of the {self.of} with frames, {self.states}"
            )
        size = np.nan_to_num(np.abs(self.effect_size[state]))
        return np.argsort(np.where(self._points(state), -size, 0.0), kind="stable")

    def _points(self, state: int) -> np.ndarray:
        """Mask (n_features,) of the features that are not angles spread over the circle."""
        is_angle = np.array([unit == "degree" for unit in self.units])
        return np.asarray(~(is_angle & (self.spread[state] >= NO_DIRECTION)))

    def top(self, state: int, n: int = 3) -> list[FeatureOfState]:
        """Return the features that set a state apart most, in the order of `order`.

        Parameters
        ----------
        state : int
        n : int
            Largest number of features.

        Returns
        -------
        list of FeatureOfState

        Raises
        ------
        InputError
            If there is no such state, it has no frames, or `n` is not a whole number.
        """
        n = check_count("n", n, low=0)
        return [self._feature(state, feature) for feature in self.order(state)[:n]]

    def tables(self, n: int = 3) -> list[Table]:
        """Return a table with `n` features of each state.

        Parameters
        ----------
        n : int
            Number of features of each state, those with the largest effect size.
        """
        rows = []
        for state in self.states:
            frames = ", ".join(map(str, self.representatives[state]))
            count, share = f"{self.n_frames[state]:,}", percent(self.populations[state])
            for rank, feature in enumerate(self.top(state, n)):
                of_state = ("", "", "") if rank else (str(state), count, share)
                rows.append((*of_state, *feature.cells, "" if rank else frames))
        heads = (
            *(self.kind, "frames", "population / %", "feature", "mean", "spread", "effect size"),
            *("gradient", "representative frames"),
        )
        note = (
            f"Effect size: difference between the means in the {self.kind} and in all other "
            "frames, in units of the standard deviation. Gradient: how strongly the assignment of "
            "these frames depends on the feature, in nats per standard deviation."
        )
        return [Table(heads, tuple(rows), title=f"Features of the {self.of}", note=note)]

    def text(self, n: int = 3) -> str:
        """Return the table as text.

        Parameters
        ----------
        n : int
            Number of features of each state, those with the largest effect size.
        """
        return "\n\n".join(table.text() for table in self.tables(n))

    def brief(self, n: int = 3) -> str:
        """Return a line for each state with its features of large effect size (0.8 or more).

        Angles that are spread over the circle in the state are left out.

        Parameters
        ----------
        n : int
            Largest number of features in a line.

        Returns
        -------
        str
            Empty if there are fewer than two states, or no feature sets one of them apart.
        """
        large = {
            state: [
                self._feature(state, feature)
                for feature in self.order(state)[: max(n, 0)]
                if self._points(state)[feature] and abs(self.effect_size[state, feature]) >= LARGE
            ]
            for state in self.states
        }
        if len(large) < 2 or not any(large.values()):
            return ""
        rows = tuple((state, _joined(found, _WIDTH)) for state, found in large.items())
        return Table(
            (self.kind, "mean ± spread (effect size)"),
            rows,
            title=f"What sets the {self.of} apart",
        ).text()

    def to_dict(self) -> dict[str, Any]:
        """Return everything about states with frames as lists, numbers and strings for JSON.

        Numbers that are not finite are None.
        """
        states = [
            {
                "state": state,
                "n_frames": int(self.n_frames[state]),
                "population": float(self.populations[state]),
                "representatives": self.representatives[state].tolist(),
                "features": to_plain(self.top(state, len(self.names))),
            }
            for state in self.states
        ]
        return {"of": self.of, "states": states}

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a line for each state and feature, by decreasing effect size.

        Parameters
        ----------
        path : path-like
            The file. An existing file is replaced as a whole.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        write_csv(path, [self])

    def _feature(self, state: int, feature: int) -> FeatureOfState:
        arrays = (self.mean, self.spread, self.effect_size, self.gradient)
        numbers = (float(array[state, feature]) for array in arrays)
        return FeatureOfState(self.names[feature], self.units[feature], *numbers)


def write_csv(path: str | os.PathLike[str], descriptions: Sequence[Description]) -> None:
    """Write a line for each state with frames and each feature of all descriptions.

    Parameters
    ----------
    path : path-like
        The file. An existing file is replaced as a whole.
    descriptions : sequence of Description

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rows = [row for d in descriptions for state in d.states for row in _csv_rows(d, state)]
    with atomic_file(path) as temporary:
        Table(_CSV_COLUMNS, tuple(rows)).write_csv(temporary)


def _csv_rows(d: Description, state: int) -> list[tuple[Any, ...]]:
    of_state = (d.kind, state, int(d.n_frames[state]), f"{d.populations[state]:.6g}")
    frames = " ".join(map(str, d.representatives[state]))
    rows = []
    for f in d.top(state, len(d.names)):
        numbers = (f"{value:.6g}" for value in (f.mean, f.spread, f.effect_size, f.gradient))
        rows.append((*of_state, f.name, f.unit, *numbers, frames))
    return rows


def _joined(found: Sequence[FeatureOfState], width: int) -> str:
    """Join the features, as many as fit on the line but at least one."""
    text = ""
    for f in found:
        if text and len(text) + 2 + len(f.phrase) > width:
            break
        text += f", {f.phrase}" if text else f.phrase
    return text or "no single feature"


def _signed(value: float, digits: int) -> str:
    return "-" if np.isnan(value) else f"{value:+.{digits}f}"
