"""Processes with known answers, to try states and verdicts on: some have states, others none.

`WITH_STATES` and `WITHOUT_STATES` list them by name. Each takes the number of frames and a seed
and returns a `Toy`; without states, all its labels are 0. Frames have no units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from scipy.signal import lfilter

from .toys import Toy

#: Probability of leaving a state of the Markov chains from frame to frame.
_LEAVING = 0.005
#: Relaxation times, in frames, of the normal processes that are added to hide a process.
_BESIDE = np.linspace(1.0, 20.0, 20)


def rings(n: int, seed: int, beside: int = 0) -> Toy:
    """Draw two concentric rings: the radius is slow, the angle is drawn anew in each frame."""
    rng = np.random.default_rng(seed)
    states = _chain(_two_states(_LEAVING), n, rng)
    radius = 1.0 + states + 0.12 * rng.normal(size=n)
    angle = rng.uniform(0, 2 * np.pi, n)
    return _toy(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), states, rng, beside)


def exclusive_or(n: int, seed: int, beside: int = 0) -> Toy:
    """Draw four wells at (±1, ±1): the sign of the product is slow, each coordinate is fast."""
    rng = np.random.default_rng(seed)
    states = _chain(_two_states(_LEAVING), n, rng)
    first = rng.choice([-1, 1], n)
    x = np.stack([first, np.where(states == 0, first, -first)], axis=1)
    return _toy(x + 0.3 * rng.normal(size=(n, 2)), states, rng, beside)


def swiss_roll(n: int, seed: int, beside: int = 0) -> Toy:
    """Draw four states along a spiral that is rolled up in three dimensions."""
    rng = np.random.default_rng(seed)
    p = _LEAVING
    matrix = np.eye(4) * (1 - 2 * p) + p * (np.eye(4, k=1) + np.eye(4, k=-1))
    matrix[0, 0] = matrix[3, 3] = 1 - p
    states = _chain(matrix, n, rng)
    along = 1.5 * np.pi * (1 + (states + 0.5) / 2) + 0.25 * rng.normal(size=n)
    x = np.stack([along * np.cos(along), 21 * rng.random(n), along * np.sin(along)], axis=1)
    return _toy(x, states, rng, beside)


def rare_state(n: int, seed: int, beside: int = 0) -> Toy:
    """Draw two populated states, and a third one with 0.85 % of the frames."""
    rng = np.random.default_rng(seed)
    matrix = [[0.99, 0.0094, 0.0006], [0.0094, 0.99, 0.0006], [0.035, 0.035, 0.93]]
    states = _chain(np.array(matrix), n, rng)
    centres = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    return _toy(centres[states] + 0.25 * rng.normal(size=(n, 2)), states, rng, beside)


def hidden_column(n: int, seed: int) -> Toy:
    """Draw two states in one column of small variance, beside 40 fast columns of large variance."""
    rng = np.random.default_rng(seed)
    states = _chain(_two_states(_LEAVING), n, rng)
    slow = states - 0.5 + 0.15 * rng.normal(size=n)
    return _toy(np.column_stack([5 * rng.normal(size=(n, 40)), slow]), states, rng)


def wells(n: int, seed: int, k: int = 3) -> Toy:
    """Draw wells of equal depth between which frames jump, one along each of k axes."""
    rng = np.random.default_rng(seed)
    matrix = np.full((k, k), 0.01 / (k - 1))
    np.fill_diagonal(matrix, 0.99)
    states = _chain(matrix, n, rng)
    return _toy(4.0 * np.eye(k)[states] + 0.6 * rng.normal(size=(n, k)), states, rng)


def wells_beside_slow_motion(n: int, seed: int) -> Toy:
    """Draw three wells beside a normal process that is as slow as they are."""
    toy = wells(n, seed)
    slow = _normal(n, np.array([50.0]), np.random.default_rng([seed, 1]))
    return _toy(np.hstack([toy.X, slow]), toy.labels, np.random.default_rng(seed))


def overlapping_states(n: int, seed: int) -> Toy:
    """Draw two states as normal distributions, each with 5 % of its frames beyond the border."""
    rng = np.random.default_rng(seed)
    states = _chain(_two_states(_LEAVING), n, rng)
    return _toy(3.29 * states[:, np.newaxis] + rng.normal(size=(n, 1)), states, rng)


def double_well(n: int, seed: int) -> Toy:
    """Simulate overdamped motion over a barrier of 4 kT, beside two fast columns."""
    rng = np.random.default_rng(seed)
    step, every, height = 0.002, 25, 4.0
    x, value = np.empty(n), -1.0
    for frame in range(n):
        for kick in rng.normal(scale=np.sqrt(2 * step), size=every).tolist():
            value += kick - step * 4 * height * value * (value * value - 1)
        x[frame] = value
    return _toy(np.column_stack([x, rng.normal(size=(n, 2))]), (x > 0).astype(np.int64), rng)


def harmonic_well(n: int, seed: int, dimensions: int = 5, tau: float = 20.0) -> Toy:
    """Draw a normal process with relaxation time `tau` in each dimension."""
    rng = np.random.default_rng(seed)
    return _toy(_normal(n, np.full(dimensions, tau), rng), None, rng)


def one_slow_direction(n: int, seed: int) -> Toy:
    """Draw a normal process with a relaxation time of 100 frames, beside noise."""
    rng = np.random.default_rng(seed)
    return _toy(np.hstack([_normal(n, np.array([100.0]), rng), rng.normal(size=(n, 4))]), None, rng)


def many_timescales(n: int, seed: int) -> Toy:
    """Draw six normal processes with relaxation times of 2 to 60 frames."""
    rng = np.random.default_rng(seed)
    return _toy(_normal(n, np.array([60.0, 30.0, 15.0, 8.0, 4.0, 2.0]), rng), None, rng)


def two_slow_directions(n: int, seed: int) -> Toy:
    """Draw normal processes with relaxation times of 100 and 90 frames, beside noise."""
    rng = np.random.default_rng(seed)
    slow = _normal(n, np.array([100.0, 90.0]), rng)
    return _toy(np.hstack([slow, rng.normal(size=(n, 3))]), None, rng)


def heavy_tails(n: int, seed: int) -> Toy:
    """Draw autoregressive processes with kicks from Student's t distribution."""
    rng = np.random.default_rng(seed)
    memory = np.exp(-1 / 20)
    return _toy(lfilter([1.0], [1.0, -memory], rng.standard_t(3, (n, 3)), axis=0), None, rng)


def slow_wave(n: int, seed: int) -> Toy:
    """Draw a wave with a period of 1,000 frames, and noise."""
    rng = np.random.default_rng(seed)
    wave = np.sin(2 * np.pi * np.arange(n) / 1000)
    return _toy(wave[:, np.newaxis] + 0.3 * rng.normal(size=(n, 3)), None, rng)


def flat_box(n: int, seed: int, dimensions: int = 2, step: float = 0.1) -> Toy:
    """Draw diffusion between reflecting walls."""
    rng = np.random.default_rng(seed)
    free = np.cumsum(step * rng.normal(size=(n, dimensions)), axis=0)
    return _toy(np.abs(free % 4 - 2), None, rng)


def free_diffusion(n: int, seed: int) -> Toy:
    """Draw a random walk in two dimensions without walls."""
    rng = np.random.default_rng(seed)
    return _toy(np.cumsum(rng.normal(size=(n, 2)), axis=0), None, rng)


def diffusion_on_a_ring(n: int, seed: int) -> Toy:
    """Draw an angle that diffuses freely."""
    rng = np.random.default_rng(seed)
    return _on_ring(0.25 * rng.normal(size=n), 0.05, rng)


def rotation(n: int, seed: int) -> Toy:
    """Draw an angle that advances by 0.05 in each frame, with noise: irreversible."""
    rng = np.random.default_rng(seed)
    return _on_ring(0.05 + 0.05 * rng.normal(size=n), 0.1, rng)


def drift(n: int, seed: int) -> Toy:
    """Draw noise in three columns, one of which moves away at constant speed."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    x[:, 0] += np.linspace(0, 10, n)
    return _toy(x, None, rng)


def pulling(n: int, seed: int) -> Toy:
    """Draw a normal process that is pulled from one end to the other."""
    rng = np.random.default_rng(seed)
    x = _normal(n, np.full(3, 10.0), rng)
    x[:, 0] += 8 * np.tanh(np.linspace(-3, 3, n))
    return _toy(x, None, rng)


def white_noise(n: int, seed: int) -> Toy:
    """Draw five independent columns without memory."""
    rng = np.random.default_rng(seed)
    return _toy(rng.normal(size=(n, 5)), None, rng)


#: Processes with metastable states, by name.
WITH_STATES: Mapping[str, Callable[[int, int], Toy]] = {
    "rings": rings,
    "rings + 20 columns": partial(rings, beside=20),
    "exclusive or": exclusive_or,
    "exclusive or + 20 columns": partial(exclusive_or, beside=20),
    "Swiss roll": swiss_roll,
    "Swiss roll + 20 columns": partial(swiss_roll, beside=20),
    "rare state": rare_state,
    "rare state + 20 columns": partial(rare_state, beside=20),
    "hidden column": hidden_column,
    "three wells": wells,
    "five wells": partial(wells, k=5),
    "three wells + slow column": wells_beside_slow_motion,
    "overlapping states": overlapping_states,
    "double well": double_well,
}

#: Processes without metastable states, by name.
WITHOUT_STATES: Mapping[str, Callable[[int, int], Toy]] = {
    "harmonic well, 5-D": harmonic_well,
    "harmonic well, 1-D": partial(harmonic_well, dimensions=1),
    "one slow direction": one_slow_direction,
    "two slow directions": two_slow_directions,
    "many timescales": many_timescales,
    "heavy tails": heavy_tails,
    "flat box, 2-D": flat_box,
    "flat box, 1-D": partial(flat_box, dimensions=1, step=0.3),
    "free diffusion": free_diffusion,
    "diffusion on a ring": diffusion_on_a_ring,
    "rotation": rotation,
    "drift": drift,
    "pulling": pulling,
    "slow wave": slow_wave,
    "white noise": white_noise,
}


def _two_states(leaving: float) -> np.ndarray:
    return np.array([[1 - leaving, leaving], [leaving, 1 - leaving]])


def _chain(matrix: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a Markov chain: n states, int64."""
    cumulated = matrix.cumsum(axis=1)
    states, draws = np.zeros(n, np.int64), rng.random(n)
    for i in range(1, n):
        states[i] = min(np.searchsorted(cumulated[states[i - 1]], draws[i]), len(matrix) - 1)
    return states


def _normal(n: int, taus: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw stationary normal processes with relaxation times `taus`: shape (n, len(taus))."""
    memory = np.exp(-1 / taus)
    kicks = rng.normal(size=(n, len(taus))) * np.sqrt(1 - memory**2)
    kicks[0] = rng.normal(size=len(taus))
    return np.stack([lfilter([1.0], [1.0, -m], kicks[:, i]) for i, m in enumerate(memory)], axis=1)


def _on_ring(steps: np.ndarray, noise: float, rng: np.random.Generator) -> Toy:
    angle = np.cumsum(steps)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _toy(x + noise * rng.normal(size=x.shape), None, rng)


def _toy(
    x: np.ndarray, states: np.ndarray | None, rng: np.random.Generator, beside: int = 0
) -> Toy:
    if beside:
        x = np.hstack([x, _normal(len(x), _BESIDE[:beside], rng)])
    labels = np.zeros(len(x), np.int64) if states is None else states
    return Toy(x.astype(np.float32), (len(x),), labels)
