"""The step of a GPU, computed on the CPU: all restarts and components at once."""

import dataclasses
import logging

import numpy as np
import pytest
import tensorflow as tf
from architectures import sizes

from mdgmvae.network.architecture import flatten, initial_weights
from mdgmvae.network.objective import Objective
from mdgmvae.presets import Hyperparameters
from mdgmvae.training import engine as engines
from mdgmvae.training import optimiser as optimisers
from mdgmvae.training.distribution import OneDevice
from mdgmvae.training.engine import Engine, Stack
from mdgmvae.training.optimiser import Optimiser
from mdgmvae.training.restarts import Restarts
from mdgmvae.training.state import State
from mdgmvae.training.training_set import Block

CPU = OneDevice("CPU:0")
SIZE, N = 40, 150
#: A step of one restart as on a CPU. A block has two batches, or three calls' worth of frames.
PLAIN = Engine(CPU, SIZE, 2 * SIZE, xla=False)
STACK = Stack(n_restarts=2, n_components=16, n_blocks=2)
GROUPS = {0: None, 1: np.eye(4, dtype=np.float32)[[0, 0, 2, 2]]}


def objective_of(**given):
    return Objective.of(Hyperparameters(**given))


def initial(architecture, n_restarts):
    rng = np.random.default_rng(3)
    starts = [flatten(architecture, initial_weights(architecture, rng)) for _ in range(n_restarts)]
    return State.start(np.stack(starts))


@pytest.fixture(scope="module")
def walk():
    rng = np.random.default_rng(1)
    return np.cumsum(rng.normal(size=(N + 1, 4)), axis=0).astype(np.float32) / 10


def trained(walk, engine, objective, architecture, groups=GROUPS, n_epochs=2, state=None):
    """Return the result of each restart, of blocks of as many frames as the engine takes."""
    state = state or initial(architecture, 2)
    restarts = Restarts(architecture, objective, engine, state, ridge=1e-3)
    partner = (np.arange(N)[:, np.newaxis] % 50 > 0).astype(np.float32)
    at_once = engine.n_blocks * engine.block_frames
    for epoch in range(n_epochs):
        restarts.start_epoch(1e-2, 0.5, [epoch, 100 + epoch], groups)
        for first in range(0, N, at_once):
            part = slice(first, min(first + at_once, N))
            block = Block(walk[:-1][part], walk[1:][part], partner[part])
            restarts.run(block if objective.uses_pairs else Block(block.frames))
    return restarts, restarts.results()


def assert_same(found, expected, atol=2e-4):
    assert found.keys() == expected.keys()
    for number, (arrays, means) in expected.items():
        others, its_means = found[number]
        for ours, theirs in zip(others, arrays, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=atol)
        assert its_means == pytest.approx(means, rel=1e-4)


CASES = {
    "paper": (objective_of(), 4, STACK),
    "robust": (objective_of(vamp_weight=1.5, kl="analytic"), 4, STACK),
    "robust, lagged, in groups of three components": (
        objective_of(vamp_weight=1.5, decoder_target="lagged"),
        4,
        dataclasses.replace(STACK, n_components=3),
    ),
    "one component": (objective_of(), 1, STACK),
}


@pytest.mark.parametrize(
    ("case", "xla"),
    [(case, False) for case in CASES]
    + [pytest.param(case, True, marks=pytest.mark.slow) for case in list(CASES)[:3]],
)
def test_a_stack_trains_as_each_restart_alone(walk, case, xla, monkeypatch):
    """Also with blocks of other lengths, at whose start the kinetic term looks ahead."""
    objective, k, stack = CASES[case]
    monkeypatch.setattr("mdgmvae.training.steps.pairs_of_step", lambda k: 70)
    architecture = sizes(k, 4, 2, (6,), (5,), (4,), (7,))
    groups = {n: None if g is None or k == 1 else g for n, g in GROUPS.items()}
    _, expected = trained(walk, PLAIN, objective, architecture, groups)
    moved = np.abs(expected[0][0][0] - initial(architecture, 2).weights[0])
    assert np.median(moved[moved > 0]) > 1e-2
    assert np.abs(expected[0][0][0] - expected[1][0][0]).max() > 0.1
    at_once = dataclasses.replace(PLAIN, stack=stack, xla=xla)
    restarts, found = trained(walk, at_once, objective, architecture, groups)
    assert restarts.step == 8
    assert_same(found, expected)


def test_a_stack_draws_the_components_to_decode(walk):
    """Draws are those of a CPU where a block is one batch."""
    architecture = sizes(6, 4, 2, (6,), (5,), (4,), (7,))
    objective = objective_of(n_decoded=2)
    plain = dataclasses.replace(PLAIN, block_frames=SIZE)
    groups = {0: None, 1: None}
    _, expected = trained(walk, plain, objective, architecture, groups)
    for n_blocks in (1, 3):
        engine = dataclasses.replace(plain, stack=dataclasses.replace(STACK, n_blocks=n_blocks))
        assert_same(trained(walk, engine, objective, architecture, groups)[1], expected)


def test_restarts_that_ended_do_not_disturb_the_others(walk):
    """One has ended early; the other gives the same as with it, as alone, and in a smaller stack."""
    architecture = sizes(3, 4, 1, (6,), (5,), (4,), (7,))
    both, alone = (
        dataclasses.replace(PLAIN, stack=dataclasses.replace(STACK, n_restarts=n)) for n in (2, 1)
    )
    state = initial(architecture, 2)
    state.weights[0] = np.nan
    _, expected = trained(walk, PLAIN, objective_of(), architecture, {1: None}, state=state)
    assert list(expected) == [1]
    for engine in (both, alone):
        _, found = trained(walk, engine, objective_of(), architecture, {1: None}, state=state)
        assert_same(found, expected)
    _, found = trained(walk, both, objective_of(), architecture, {0: None, 1: None}, state=state)
    assert np.isnan(found[0][1]["loss"])
    assert_same({1: found[1]}, expected)
