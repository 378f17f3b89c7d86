"""Free energies of states from their populations, with errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, checked_seed
from ..errors import InputError
from ..kinetics.markov import connected_sets
from ..kinetics.posterior import Posterior, central
from ..kinetics.relaxation import relaxation_time
from ..labels import as_labels, n_states_of
from ..tables import Shown, Table, counted, percent
from .bootstrap import Blocks, Spread
from .units import energy_unit


@dataclass(frozen=True, eq=False, repr=False)
class StateFreeEnergies(Shown):
    """Free energies of states relative to a reference state, F_i - F_0 = -ln(p_i / p_0).

    It prints as a table. All arrays have the shape (k,).

    Parameters
    ----------
    energy : ndarray of float64
        0 for the reference, NaN for states without frames.
    error : ndarray of float64
        Standard error; NaN without frames. Infinite if it cannot be estimated: with a lag, for
        states that the reference is not connected with; with blocks, if the state or the
        reference was visited too few times (about three visits, however many blocks they fill).
    lower, upper : ndarray of float64
        95 % interval. An end that the data do not determine is infinite.
    populations : ndarray of float64
        With a lag, equilibrium populations of the Markov model; with blocks, shares of the frames
        with a state.
    reference : int
        The reference state.
    unit : str
        "kT" or "kJ/mol".
    temperature : float or None
        In K, if it was given.
    lag : int or None
        Lag time of the Markov model in frames; None with blocks.
    n_blocks : int
        Number of blocks of time; 0 with a lag.
    block_length : float
        Mean number of frames of a block; NaN with a lag.
    trend : float
        Factor by which the errors grow if blocks are twice as long. It is about 1 if blocks are
        long compared with the correlation time, NaN where it is unknown.
    relaxation_time : float
        Relaxation time of the slowest process between the states in frames; NaN with a lag.
    doubts : tuple of str
        A sentence if the blocks are shorter than several relaxation times.
    """

    energy: np.ndarray
    error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    populations: np.ndarray
    reference: int
    unit: str
    temperature: float | None
    lag: int | None = None
    n_blocks: int = 0
    block_length: float = float("nan")
    trend: float = float("nan")
    relaxation_time: float = float("nan")
    doubts: tuple[str, ...] = ()

    def tables(self) -> list[Table]:
        """Return a table with a row for each state, and warnings about the errors."""
        heads = (
            *("state", "population / %", f"free energy / {self.unit}"),
            f"95 % interval / {self.unit}",
        )
        rows = tuple(map(self._row, range(len(self.populations))))
        basis = (
            f"{self.n_blocks:,} blocks of {self.block_length:,.0f} frames"
            if self.lag is None
            else f"a Markov model at a lag of {counted(self.lag, 'frame')}"
        )
        return [
            Table(
                heads,
                rows,
                title=f"Free energies relative to state {self.reference}",
                note=f"Errors from {basis}.",
                sentences=tuple(self._sentences()),
            )
        ]

    def _row(self, state: int) -> tuple[Any, ...]:
        energy, interval = "-", "-"
        if state == self.reference:
            energy = "0"
        elif self.populations[state] > 0:
            energy = f"{self.energy[state]:.2f} ± {self.error[state]:.2f}"
            interval = f"{self.lower[state]:.2f} to {self.upper[state]:.2f}"
        return state, percent(self.populations[state]), energy, interval

    def _sentences(self) -> list[str]:
        """Return the reasons why errors are unknown or rough."""
        if not np.isinf(self.error).any():
            return list(self.doubts)
        unknown = (
            "an error is inf where a state was visited too few times to estimate it"
            if self.lag is None
            else f"an error is inf where there are no transitions to and from state "
            f"{self.reference}, directly or through other states"
        )
        return [unknown, *self.doubts]


def state_free_energies(
    labels: Any,
    *,
    k: int | None = None,
    reference: int = 0,
    lag: int | None = None,
    lengths: Sequence[int] | None = None,
    temperature: float | None = None,
    block_length: int | None = None,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> StateFreeEnergies:
    """Estimate free energies of states relative to one of them, with errors.

    With a lag time, they are those of a reversible Markov model at this lag, and errors come from
    models drawn from its posterior. Without, populations are shares of the frames, and errors come
    from a bootstrap over blocks of time. A lag time is better if transitions are few.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none.
    k : int, optional
        Number of states. Default: one more than the largest label.
    reference : int
        State that the others are compared with. It must have frames.
    lag : int, optional
        Lag time of the Markov model in frames. Default: blocks instead of a model.
    lengths : sequence of int, optional
        Number of frames in each segment. No block or pair of frames lies in two segments.
        Default: one segment.
    temperature : float, optional
        In K; energies are then in kJ/mol. Default: energies in units of kT.
    block_length : int, optional
        Number of frames in a block. Default: a fiftieth of all frames, or five relaxation times
        of the slowest process if that is longer, but at most a twentieth.
    n_bootstrap : int
        Number of bootstrap replicas or of sampled models, at least 2.
    seed : int
        The same seed gives the same errors.

    Returns
    -------
    StateFreeEnergies

    Raises
    ------
    InputError
        If an argument is invalid, the reference has no frames, or both `lag` and `block_length`
        are given.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.landscape import state_free_energies
    >>> labels = np.random.default_rng(0).choice(2, 10_000, p=[0.75, 0.25])
    >>> print(state_free_energies(labels))
    Free energies relative to state 0
                           free energy  95 % interval
    state  population / %         / kT           / kT
        0            75.0            0              -
        1            25.1  1.10 ± 0.02   1.05 to 1.15
    Errors from 50 blocks of 200 frames.
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
    n_bootstrap, seed = check_count("n_bootstrap", n_bootstrap, low=2), checked_seed(seed)
    if lag is None:
        relaxation = relaxation_time(states, lengths=lengths, k=k)
        blocks = Blocks.of_frames(len(states), lengths, block_length, relaxation)
        energies, spread, basis = _from_blocks(blocks, states, k, reference, n_bootstrap, seed)
        populations = frames / frames.sum()
    elif block_length is None:
        model = Posterior.fit(
            states, lag=lag, lengths=lengths, k=k, n_samples=n_bootstrap, seed=seed
        )
        energies, spread = _from_model(model, reference)
        populations, basis = model.stationary, {"lag": model.lag}
    else:
        raise InputError(
            f"block_length={block_length}: with lag={lag} there are no blocks; pass one of the two"
        )
    scale = np.where(frames > 0, kT, np.nan)
    return StateFreeEnergies(
        energy=scale * energies,
        error=scale * spread.error,
        lower=scale * spread.lower,
        upper=scale * spread.upper,
        populations=populations,
        reference=reference,
        unit=unit,
        temperature=None if temperature is None else float(temperature),
        **basis,
    )


def _from_blocks(
    blocks: Blocks, states: np.ndarray, k: int, reference: int, n_bootstrap: int, seed: int
) -> tuple[np.ndarray, Spread, dict[str, Any]]:
    """Return the energies (k,) in kT, their spread, and what is to be said about the blocks."""
    counts = blocks.counts(states, k)
    spread = Spread.of(blocks, counts, blocks.draw(n_bootstrap, seed), reference)
    frames = np.asarray(counts.sum(axis=0)).ravel()
    with np.errstate(divide="ignore"):
        energies = np.log(frames[reference] / frames)
    basis = {
        "n_blocks": len(blocks),
        "block_length": blocks.length,
        "trend": blocks.trend(counts),
        "relaxation_time": blocks.relaxation,
        "doubts": tuple(blocks.doubts),
    }
    return energies, spread, basis


def _from_model(model: Posterior, reference: int) -> tuple[np.ndarray, Spread]:
    """Return the energies (k,) in kT and their spread in the posterior of a Markov model."""
    with np.errstate(divide="ignore", invalid="ignore"):
        energies, samples = (
            np.log(p[..., reference, None] / p)
            for p in (model.stationary, model.sampled_stationary)
        )
        lower, upper = central(samples)
        spread = Spread(samples.std(axis=0), lower, upper)
    # Without transitions, the shares of the frames do not tell the relative populations.
    sets = connected_sets(model.transition_matrix)
    apart = ~np.isin(np.arange(len(energies)), next(s for s in sets if reference in s))
    spread.error[apart], spread.lower[apart], spread.upper[apart] = np.inf, -np.inf, np.inf
    return energies, spread


def state_free_energies_of(
    results: Any, of: str = "states", lag: int | None = None, **options: Any
) -> StateFreeEnergies:
    """Estimate the free energies of the states, or of the components, of an analysis.

    Parameters
    ----------
    results : Results
        With ``labels``, ``probabilities``, ``components``, ``component_probabilities`` and
        ``lengths``.
    of : {"states", "components"}
        Metastable states, or the components of the mixture that form them.
    lag : int, optional
        Lag time of the model in frames. Blocks are used without a lag, with a `block_length`, and
        if no segment is longer than the lag.
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
    if lag is not None:
        lag = check_count("lag", lag)
    if lag is not None and options.get("block_length") is None and max(results.lengths) > lag:
        options["lag"] = lag
    # States without frames keep their number.
    options |= {"lengths": results.lengths, "k": probabilities.shape[1]}
    return state_free_energies(labels, **options)
