"""Free energies of states from their populations, with errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, checked_seed
from ..errors import InputError
from ..labels import as_labels, n_states_of
from ..tables import Shown, Table, percent
from .bootstrap import Blocks, Spread
from .units import energy_unit

#: Blocks are too short if the trend is above this.
MOST_TREND = 1.2


@dataclass(frozen=True, eq=False, repr=False)
class StateFreeEnergies(Shown):
    """Free energies of states relative to a reference state, F_i - F_0 = -ln(p_i / p_0).

    It prints as a table. All arrays have the shape (k,).

    Parameters
    ----------
    energy : ndarray of float64
        0 for the reference, NaN for states without frames.
    error : ndarray of float64
        Standard error. Infinite if the state or the reference was visited too few times to
        estimate it (about three visits, however many blocks of time they fill); NaN without
        frames.
    lower, upper : ndarray of float64
        95 % interval. An end that the blocks do not determine is infinite.
    populations : ndarray of float64
        Share of the frames with a state.
    reference : int
        The reference state.
    unit : str
        "kT" or "kJ/mol".
    temperature : float or None
        In K, if it was given.
    n_blocks : int
        Number of blocks of time.
    block_length : float
        Mean number of frames of a block.
    trend : float
        Factor by which the errors grow with blocks twice as long. If it is well above 1, the
        errors are too small: choose a longer `block_length`, or simulate longer. NaN where it is
        unknown.
    """

    energy: np.ndarray
    error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    populations: np.ndarray
    reference: int
    unit: str
    temperature: float | None
    n_blocks: int
    block_length: float
    trend: float

    def tables(self) -> list[Table]:
        """Return a table with a row for each state, and warnings about the errors."""
        heads = (
            *("state", "population / %", f"free energy / {self.unit}"),
            f"95 % interval / {self.unit}",
        )
        rows = tuple(map(self._row, range(len(self.populations))))
        title = f"Free energies relative to state {self.reference}"
        return [Table(heads, rows, title=title, sentences=tuple(self._doubts()))]

    def _row(self, state: int) -> tuple[Any, ...]:
        energy, interval = "-", "-"
        if state == self.reference:
            energy = "0"
        elif self.populations[state] > 0:
            energy = f"{self.energy[state]:.2f} ± {self.error[state]:.2f}"
            interval = f"{self.lower[state]:.2f} to {self.upper[state]:.2f}"
        return state, percent(self.populations[state]), energy, interval

    def _doubts(self) -> list[str]:
        """Return the reasons why errors are unknown or too small."""
        said = []
        if np.isinf(self.error).any():
            said.append("an error is inf where a state was visited too few times to estimate it")
        if self.trend > MOST_TREND:
            said.append(
                f"blocks of {self.block_length:,.0f} frames are too short (blocks twice as long "
                f"have {self.trend:.2f} times the error): choose a longer block_length"
            )
        return said


def state_free_energies(
    labels: Any,
    *,
    k: int | None = None,
    reference: int = 0,
    temperature: float | None = None,
    lengths: Sequence[int] | None = None,
    block_length: int | None = None,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> StateFreeEnergies:
    """Estimate free energies of states relative to one of them, with errors.

    Errors come from a bootstrap over blocks of time.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none.
    k : int, optional
        Number of states. Default: one more than the largest label.
    reference : int
        State that the others are compared with. It must have frames.
    temperature : float, optional
        In K; energies are then in kJ/mol. Default: energies in units of kT.
    lengths : sequence of int, optional
        Number of frames in each segment. No block lies in two segments. Default: one segment.
    block_length : int, optional
        Number of frames in a block. A block must be long compared with the time between
        transitions. Default: a fiftieth of all frames.
    n_bootstrap : int
        Number of bootstrap replicas, at least 2.
    seed : int
        The same seed gives the same errors.

    Returns
    -------
    StateFreeEnergies

    Raises
    ------
    InputError
        If an argument is invalid, or the reference has no frames.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.landscape import state_free_energies
    >>> labels = np.random.default_rng(0).choice(2, 10_000, p=[0.75, 0.25])
    >>> print(state_free_energies(labels))
    Free energies relative to state 0
                                  free           95 %
    state  population / %  energy / kT  interval / kT
        0            75.0            0              -
        1            25.1  1.10 ± 0.02   1.05 to 1.15
    """
    states = as_labels(labels)
    k = n_states_of(states, k)
    kT, unit = energy_unit(temperature)
    reference = check_count("reference", reference, low=0)
    frames = np.bincount(states[states >= 0], minlength=k)
    if reference >= k or not frames[reference]:
        raise InputError(
            f"reference={reference}: this state has no frames; choose one that has some"
        )
    blocks = Blocks.of_frames(len(states), lengths, block_length)
    counts = blocks.counts(states, k)
    drawn = blocks.draw(check_count("n_bootstrap", n_bootstrap, low=2), checked_seed(seed))
    spread = Spread.of(blocks, counts, drawn, reference)
    with np.errstate(divide="ignore"):
        energy = np.log(frames[reference] / frames)
    known = {
        "energy": energy, "error": spread.error, "lower": spread.lower, "upper": spread.upper,
    }  # fmt: skip
    return StateFreeEnergies(
        **{name: np.where(frames > 0, kT * values, np.nan) for name, values in known.items()},
        populations=frames / frames.sum(),
        reference=reference,
        unit=unit,
        temperature=None if temperature is None else float(temperature),
        n_blocks=len(blocks),
        block_length=blocks.length,
        trend=blocks.trend(counts),
    )


def state_free_energies_of(results: Any, of: str = "states", **options: Any) -> StateFreeEnergies:
    """Estimate the free energies of the states, or of the components, of an analysis.

    Parameters
    ----------
    results : Results
        With ``labels``, ``probabilities``, ``components``, ``component_probabilities`` and
        ``lengths``.
    of : {"states", "components"}
        Metastable states, or the components of the mixture that form them.
    **options
        Options of `state_free_energies`.

    Returns
    -------
    StateFreeEnergies

    Raises
    ------
    InputError
        If `of` has another value, or an option is invalid.
    """
    if of not in ("states", "components"):
        raise InputError(f"of={of!r}: choose 'states' or 'components'")
    labels, probabilities = (
        (results.labels, results.probabilities)
        if of == "states"
        else (results.components, results.component_probabilities)
    )
    # States without frames keep their number.
    options |= {"lengths": results.lengths, "k": probabilities.shape[1]}
    return state_free_energies(labels, **options)
