"""Free energies of states, from the share of the frames in each, with errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, checked_seed
from ..errors import InputError
from ..labels import as_labels, n_states_of
from .bootstrap import Blocks, Spread
from .units import energy_unit

#: A trend above this says that blocks are too short.
MOST_TREND = 1.2


@dataclass(frozen=True, eq=False)
class StateFreeEnergies:
    """Free energies of states relative to one of them, F_i - F_0 = -ln(p_i / p_0), with errors.

    It prints itself as a table. Arrays have the shape (k,).

    Parameters
    ----------
    energy : ndarray of float64
        0 for the reference, NaN for states without frames.
    error : ndarray of float64
        Standard error. Infinite where the state, or the reference, was visited too few times
        to tell it (some three visits, however many blocks of time they fill); NaN without
        frames.
    lower, upper : ndarray of float64
        95 % interval, infinite at the end that the blocks do not tell.
    populations : ndarray of float64
        Share of the frames that have a state.
    reference : int
        The state that the others are compared with.
    unit : str
        "kT" or "kJ/mol".
    temperature : float or None
        In K, where it was given.
    n_blocks : int
        Blocks of time that were drawn from.
    block_length : float
        Their mean number of rows.
    trend : float
        Factor by which the errors grow with blocks twice as long. Well above 1, the errors are
        too small: give a longer `block_length`, or simulate longer. NaN where not known.
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

    def __str__(self) -> str:
        lines = [f"state  population / %  {f'F - F({self.reference}) / {self.unit}':>16}  95 %"]
        for state, population in enumerate(self.populations):
            value = f"{self.energy[state]:.2f} +- {self.error[state]:.2f}"
            interval = f"{self.lower[state]:.2f} to {self.upper[state]:.2f}"
            if population == 0:
                value, interval = "-", "-"
            elif state == self.reference:
                value, interval = "0", "-"
            lines.append(f"{state:5}  {100 * population:14.1f}  {value:>16}  {interval}")
        return "\n".join([*lines, *self._doubts()])

    def _doubts(self) -> list[str]:
        """Why errors are not known, or not to be believed."""
        said = []
        if np.isinf(self.error).any():
            said.append("- inf: visited too few times to tell an error")
        if self.trend > MOST_TREND:
            said.append(
                f"- blocks of {self.block_length:,.0f} rows are too short (errors of blocks twice "
                f"as long: {self.trend:.2f} times as large): give a longer block_length"
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
    """Free energies of states relative to one of them, by a bootstrap over blocks of time.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States in the order of time, -1 for none.
    k : int, optional
        Number of states. Default: one more than the largest label.
    reference : int
        The state that the others are compared with; it needs frames.
    temperature : float, optional
        In K; energies are then in kJ/mol. Default: in units of kT.
    lengths : sequence of int, optional
        Rows of each continuous piece of trajectory; no block lies in two. Default: one piece.
    block_length : int, optional
        Rows of a block, long against the time between changes of state. Default: a fiftieth of
        all rows.
    n_bootstrap : int
        Replicas, at least 2.
    seed : int
        Same seed, same errors.

    Returns
    -------
    StateFreeEnergies

    Raises
    ------
    InputError
        When an argument cannot be used, or the reference has no frames.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.landscape import state_free_energies
    >>> labels = np.random.default_rng(0).choice(2, 10_000, p=[0.75, 0.25])
    >>> print(state_free_energies(labels))
    state  population / %     F - F(0) / kT  95 %
        0            75.0                 0  -
        1            25.1      1.10 +- 0.02  1.05 to 1.15
    """
    states = as_labels(labels)
    k = n_states_of(states, k)
    kT, unit = energy_unit(temperature)
    reference = check_count("reference", reference, low=0)
    frames = np.bincount(states[states >= 0], minlength=k)
    if reference >= k or not frames[reference]:
        raise InputError(f"reference={reference}: this state has no frames; give one that has some")
    blocks = Blocks.of_rows(len(states), lengths, block_length)
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
    """Free energies of the states, or of the components, of an analysis.

    Parameters
    ----------
    results : Results
        With ``labels``, ``components``, ``component_probabilities`` and ``lengths``.
    of : {"states", "components"}
    **options
        Of `state_free_energies`.

    Returns
    -------
    StateFreeEnergies

    Raises
    ------
    InputError
        When `of` is something else, or an option cannot be used.
    """
    if of not in ("states", "components"):
        raise InputError(f"of={of!r}: give 'states' or 'components'")
    options["lengths"] = results.lengths
    if of == "states":
        return state_free_energies(results.labels, **options)
    # Components without frames keep their number.
    k = results.component_probabilities.shape[1]
    return state_free_energies(results.components, k=k, **options)
