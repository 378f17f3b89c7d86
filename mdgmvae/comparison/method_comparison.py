"""Result of a comparison of methods."""

from __future__ import annotations

import os
from dataclasses import astuple, dataclass, fields

import numpy as np

from ..errors import InputError
from ..storage.atomic import atomic_file
from ..tables import Shown, Table, counted
from .choice import standard_error


@dataclass(frozen=True)
class MethodResult:
    """One row of a comparison. With several seeds, values are medians over the seeds.

    Parameters
    ----------
    method : str
        Name of the method.
    n_states : int
        Number of states with frames.
    vamp2 : float
        VAMP-2 of the states on all frames, which they were fitted to.
    cv_mean, cv_std : float
        VAMP-2 on held-out frames: mean and standard deviation over the folds.
    agreement_median, agreement_worst : float
        Median and minimum of the adjusted Rand index between pairs of seeds; NaN for one seed.
    reference : float
        Adjusted Rand index with the known states; NaN without them.
    seconds : float
        Time for a fit to all frames.
    """

    method: str
    n_states: int
    vamp2: float
    cv_mean: float
    cv_std: float
    agreement_median: float
    agreement_worst: float
    reference: float
    seconds: float


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
    """Methods compared on the same data; prints as a table.

    Parameters
    ----------
    rows : tuple of MethodResult
        In the order in which the methods were given.
    labels : dict of str to list of ndarray of int64 of shape (n_frames,)
        States by each method, for each seed.
    scores : dict of str to ndarray of float64 of shape (n_folds,)
        VAMP-2 on each fold; the folds are the same for all methods.
    lag : int
        Lag time in frames.
    dt : float
        Time between frames in ps; NaN where it is unknown.
    n_states : int
        Number of states requested from the methods.
    seeds : tuple of int
        Seeds of the fits to all frames.
    """

    rows: tuple[MethodResult, ...]
    labels: dict[str, list[np.ndarray]]
    scores: dict[str, np.ndarray]
    lag: int
    dt: float
    n_states: int
    seeds: tuple[int, ...]

    def difference(self, method: str, other: str) -> tuple[float, float]:
        """Return the difference between the scores of two methods on held-out frames.

        Differences are taken fold by fold, since some blocks of time are harder for every method.

        Parameters
        ----------
        method, other : str
            Names of the methods.

        Returns
        -------
        mean, error : float
            Mean of the difference over the folds, and its standard error.

        Raises
        ------
        InputError
            If one of the methods was not compared.
        """
        for name in (method, other):
            if name not in self.scores:
                raise InputError(
                    f"method {name!r} was not compared; choose from {', '.join(self.scores)}"
                )
        differences = self.scores[method] - self.scores[other]
        return float(differences.mean()), standard_error(differences)

    @property
    def title(self) -> str:
        """One line that describes the comparison."""
        time = "" if np.isnan(self.dt) else f" ({self.lag * self.dt:g} ps)"
        seeds = counted(len(self.seeds), "seed")
        folds = max(map(len, self.scores.values()))
        return (
            f"{counted(self.n_states, 'state')}, lag time {counted(self.lag, 'frame')}{time}, "
            f"{seeds}, {folds} folds of blocks of time"
        )

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the rows to a .csv file.

        Parameters
        ----------
        path : path-like
            The file. An existing file is replaced as a whole.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        columns = tuple(field.name for field in fields(MethodResult))
        with atomic_file(path) as temporary:
            Table(columns, tuple(map(astuple, self.rows))).write_csv(temporary)

    def tables(self) -> list[Table]:
        """Return a table with a row for each method."""
        several = len(self.seeds) > 1
        known = any(np.isfinite(row.reference) for row in self.rows)
        heads = ["method", "states", "VAMP-2", "VAMP-2, held out"]
        heads += ["agreement", "worst"] * several + ["ARI"] * known + ["seconds"]
        rows = []
        for row in self.rows:
            cells = [row.method, str(row.n_states), f"{row.vamp2:.3f}"]
            cells += [f"{row.cv_mean:.3f} ± {row.cv_std:.3f}"]
            cells += [f"{row.agreement_median:.3f}", f"{row.agreement_worst:.3f}"] * several
            cells += [f"{row.reference:.3f}"] * known
            rows.append((*cells, f"{row.seconds:.1f}"))
        note = "VAMP-2, held out: mean and standard deviation over the folds."
        if several:
            note += " Agreement, worst: adjusted Rand index between pairs of seeds."
        if known:
            note += " ARI: adjusted Rand index with the known states."
        return [Table(tuple(heads), tuple(rows), title=self.title, note=note)]
