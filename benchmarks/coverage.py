"""How often the stated 95 % intervals hold the true values.

Prints the tables of docs/guides/free_energy.md. Three systems with known answers: a chain of three
states at two speeds, and a double well of which the labels are the sign of the coordinate, so that
they recross the barrier. True values of kinetic quantities are those of the exact transition matrix
of the labels at the lag time. Each entry is pooled over the states (pairs, processes, bins) of all
data sets; in brackets, the share of intervals with an infinite end, which is not held to be wrong.

Usage: python benchmarks/coverage.py [--sets 100] [--frames 10000] [--lag 5] [--seed 0]
       python benchmarks/coverage.py --fits 10      labels of the preset "robust" as well
"""

from __future__ import annotations

import argparse
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from machine import describe
from scipy.linalg import expm, logm
from scipy.stats import norm

from mdgmvae import GMVAE
from mdgmvae.kinetics import (
    implied_timescales,
    lifetimes,
    match,
    mean_first_passage_times,
    stationary_populations,
    transitions,
)
from mdgmvae.landscape import free_energy, state_free_energies

#: Populations of the chain, and its rates out times population: detailed balance.
POPULATIONS = np.array([0.6, 0.3, 0.1])
FLUXES = np.array([[0, 0.3, 0.05], [0.3, 0, 0.1], [0.05, 0.1, 0]])
#: Force of the double well, in kT; its time step, and time steps between frames.
TIME_STEP, STEPS = 2e-3, 25
GRID = np.linspace(-2.0, 2.0, 401)

#: (inside, unbounded) of each interval, by quantity.
Hits = dict[str, list[tuple[bool, bool]]]


@dataclass(frozen=True)
class System:
    """A system with known answers.

    Parameters
    ----------
    name : str
    simulate : callable
        (sets, frames, seed) -> labels and coordinates, both of shape (sets, frames).
    matrix_at : callable
        lag -> transition matrix of the labels in equilibrium.
    below : callable
        x -> equilibrium probability of coordinates below x.
    """

    name: str
    simulate: Callable[[int, int, int], tuple[np.ndarray, np.ndarray]]
    matrix_at: Callable[[int], np.ndarray]
    below: Callable[[np.ndarray], np.ndarray]


def chain(relaxation: float, spread: float) -> System:
    """Return a chain of three states whose slowest process has this timescale in frames.

    Coordinates have this standard deviation within a state; states are 1 apart.
    """
    rates = FLUXES / POPULATIONS[:, None]
    np.fill_diagonal(rates, -rates.sum(axis=1))
    slowest = -np.sort(np.linalg.eigvals(rates).real)[-2]
    matrix = expm(rates / slowest / relaxation)

    def simulate(sets: int, frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([seed, int(relaxation)])
        upto = np.cumsum(matrix, axis=1)[:, :-1]
        state = rng.choice(3, sets, p=POPULATIONS)
        labels = np.empty((frames, sets), np.int64)
        for t in range(frames):
            labels[t] = state
            state = (rng.random((sets, 1)) > upto[state]).sum(axis=1)
        x = labels + spread * rng.normal(size=labels.shape)
        return labels.T, x.T

    return System(
        f"chain, {relaxation:g} frames",
        simulate,
        lambda lag: np.linalg.matrix_power(matrix, lag),
        lambda x: norm(np.arange(3), spread).cdf(x[:, None]) @ POPULATIONS,
    )


def double_well() -> System:
    """Return overdamped Langevin dynamics (Euler-Maruyama) with a barrier of some 3 kT.

    The transition matrix of one time step on a fine grid is exact to many digits.
    """
    size = np.sqrt(2 * TIME_STEP)
    step = norm.pdf(GRID[None, :], (GRID + TIME_STEP * _force(GRID))[:, None], size)
    frame = np.linalg.matrix_power(step / step.sum(axis=1, keepdims=True), STEPS)
    values, vectors = np.linalg.eig(frame.T)
    weights = np.abs(vectors[:, values.real.argmax()].real)
    weights /= weights.sum()
    states = np.eye(2)[(GRID > 0).astype(int)]

    def simulate(sets: int, frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        position = rng.choice(GRID, sets, p=weights)
        x = np.empty((frames, sets))
        for t in range(frames):
            for _ in range(STEPS):
                position += TIME_STEP * _force(position) + size * rng.normal(size=sets)
            x[t] = position
        return (x.T > 0).astype(np.int64), x.T

    def matrix_at(lag: int) -> np.ndarray:
        joint = states.T @ (weights[:, None] * np.linalg.matrix_power(frame, lag)) @ states
        return joint / joint.sum(axis=1, keepdims=True)

    # The grid points are middles of cells.
    edges = np.append(GRID, 2 * GRID[-1] - GRID[-2]) - (GRID[1] - GRID[0]) / 2
    upto = np.append(0.0, np.cumsum(weights))
    return System("double well", simulate, matrix_at, lambda x: np.interp(x, edges, upto))


def _force(x: np.ndarray) -> np.ndarray:
    return -12 * x * (x**2 - 1) - 0.4


def true_values(matrix: np.ndarray, lag: int) -> dict[str, np.ndarray]:
    """Return the values of a Markov chain with this transition matrix, by dense linear algebra."""
    k = len(matrix)
    values, vectors = np.linalg.eig(matrix.T)
    stationary = np.abs(vectors[:, values.real.argmax()].real)
    stationary /= stationary.sum()
    passage = np.zeros((k, k))
    for target in range(k):
        others = np.delete(np.arange(k), target)
        system = np.eye(k - 1) - matrix[np.ix_(others, others)]
        passage[others, target] = lag * np.linalg.solve(system, np.ones(k - 1))
    return {
        "populations": stationary,
        "timescales": -lag / np.log(np.sort(values.real)[-2::-1]),
        "lifetimes": -lag / np.log(np.diag(matrix)),
        "passage times": passage,
        "rates": np.real(logm(matrix)) / lag,
        "F, with lag": -np.log(stationary / stationary[0]),
        "F, blocks": -np.log(stationary / stationary[0]),
    }


def count_states(hits: Hits, labels: np.ndarray, true: dict[str, np.ndarray], lag: int) -> None:
    """Add to `hits` whether the intervals of one data set hold the true values."""
    k = len(true["populations"])
    seen = np.bincount(labels, minlength=k) > 0
    options = {"lag": lag, "k": k}
    exchange = transitions(labels, **options, n_samples=100)
    its = implied_timescales(labels, lags=[lag], k=k)
    off = ~np.eye(k, dtype=bool) & seen[:, None] & seen[None, :]
    rest = seen & (np.arange(k) > 0)
    found = {
        "populations": (stationary_populations(labels, **options), seen),
        "lifetimes": (lifetimes(labels, **options).from_model, seen),
        "passage times": (mean_first_passage_times(labels, **options), off),
        "rates": (exchange.rates, off),
    }
    if seen[0]:
        found["F, with lag"] = (state_free_energies(labels, **options), rest)
        found["F, blocks"] = (state_free_energies(labels, k=k), rest)
    for name, (interval, chosen) in found.items():
        add(hits[name], true[name][chosen], interval.lower[chosen], interval.upper[chosen])
    if seen.all():
        add(hits["timescales"], true["timescales"], its.lower[0], its.upper[0])


def count_bins(hits: Hits, x: np.ndarray, system: System) -> None:
    """Add to `hits` whether the intervals of the free energy of 30 bins hold the true values."""
    found = free_energy(x, bins=30)
    energy = -np.log(np.diff(system.below(found.edges[0])))
    frames, _ = np.histogram(x, found.edges[0])
    # The lowest bin is at zero, which moves all bins alike and adds no error.
    shift = -np.log(frames.max() / len(x))
    there = frames > 0
    add(hits["surface"], energy[there] - shift, found.lower[there], found.upper[there])
    lowest = int(frames.argmax())
    difference = free_energy(x, bins=30, reference=[found.centers[0][lowest]])
    there[lowest] = False
    add(
        hits["surface, difference"],
        (energy - energy[lowest])[there],
        difference.lower[there],
        difference.upper[there],
    )


def add(
    held: list[tuple[bool, bool]], true: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> None:
    """Append (inside, unbounded) of each interval that is stated."""
    stated = ~np.isnan(lower) & ~np.isnan(upper)
    inside = (lower <= true) & (true <= upper)
    unbounded = np.isinf(lower) | np.isinf(upper)
    held += zip(inside[stated], unbounded[stated], strict=True)


#: Middles of the states of a chain in the first two features.
CENTRES = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])


def features_of(
    labels: np.ndarray, x: np.ndarray, spread: float, rng: np.random.Generator
) -> np.ndarray:
    """Return five features: the states are apart in two of them, the others are noise."""
    if labels.max() > 1:  # a chain
        slow = CENTRES[labels] + spread * rng.normal(size=(len(labels), 2))
    else:
        slow = np.column_stack([x, x**2 + 0.3 * rng.normal(size=len(x))])
    noise = rng.normal(size=(len(labels), 3))
    return np.hstack([slow, noise]).astype(np.float32)


def fitted(labels: np.ndarray, x: np.ndarray, spread: float, seed: int) -> np.ndarray | None:
    """Return the states of a fit, numbered like the true ones; None if their number differs."""
    features = features_of(labels, x, spread, np.random.default_rng(seed))
    model = GMVAE.from_preset("robust", seed=seed, verbose=False).fit(features)
    states = model.predict_states(features)
    same = len(np.unique(states)) == len(np.unique(labels))
    return match(labels, states)[states] if same else None


def nearest(labels: np.ndarray, x: np.ndarray, spread: float, seed: int) -> np.ndarray:
    """Return the state of a chain whose middle is nearest: about the best that features allow."""
    features = features_of(labels, x, spread, np.random.default_rng(seed))[:, np.newaxis, :2]
    states: np.ndarray = np.square(features - CENTRES).sum(axis=2).argmin(axis=1)
    return states


def row(name: str, hits: Hits, columns: list[str]) -> str:
    """Return a row of a table in Markdown."""
    cells = []
    for column in columns:
        inside, unbounded = np.mean(hits[column], axis=0) if hits[column] else (np.nan, 0)
        share = f" ({100 * unbounded:.0f})" if unbounded >= 0.005 else ""
        cells.append(f"{100 * inside:.0f}{share}")
    return f"| {name} | " + " | ".join(cells) + " |"


def head(first: str, columns: list[str]) -> str:
    """Return the head of a table in Markdown."""
    return f"| {first} | {' | '.join(columns)} |\n| --- |{' --: |' * len(columns)}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--lag", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--spread", type=float, default=0.25)
    parser.add_argument("--fits", type=int, default=0)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(describe("deeptime"), "\n")
    print(
        f"{given.sets} data sets of {given.frames:,} frames, lag {given.lag} frames, states of the "
        f"chain {1 / given.spread:.2g} standard deviations apart\n"
    )
    kinetic = list(true_values(np.array([[0.9, 0.1], [0.1, 0.9]]), 1))
    columns = [*kinetic, "surface", "surface, difference"]
    print(head("labels known", columns))
    systems = [chain(20.0, given.spread), chain(200.0, given.spread), double_well()]
    data = {
        system.name: system.simulate(given.sets, given.frames, given.seed) for system in systems
    }
    for system in systems:
        true = true_values(system.matrix_at(given.lag), given.lag)
        hits: Hits = defaultdict(list)
        for labels, x in zip(*data[system.name], strict=True):
            count_states(hits, labels, true, given.lag)
            count_bins(hits, x, system)
        print(row(system.name, hits, columns), flush=True)
    if not given.fits:
        return
    print(f"\n{given.fits} fits of each system\n")
    print(head("labels found", ["right number of states", "frames in the right state", *kinetic]))
    for system in systems:
        true = true_values(system.matrix_at(given.lag), given.lag)
        ways = {"fits": fitted} | ({} if system.name == "double well" else {"nearest": nearest})
        for way, find in ways.items():
            hits, shares = defaultdict(list), []
            for seed in range(given.fits):
                labels, x = (part[seed] for part in data[system.name])
                states = find(labels, x, given.spread, seed)
                if states is not None:
                    count_states(hits, states, true, given.lag)
                    shares.append(np.mean(states == labels))
            right = f"{len(shares)} of {given.fits} | {100 * np.mean(shares):.1f} %"
            print(row(f"{system.name}, {way} | {right}", hits, kinetic), flush=True)


if __name__ == "__main__":
    main()
