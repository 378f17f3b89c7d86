"""The step of a GPU, computed on the CPU: all restarts and components at once."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from architectures import sizes

from mdgmvae import GMVAE
from mdgmvae.network.architecture import flatten, initial_weights
from mdgmvae.network.objective import Objective
from mdgmvae.presets import Hyperparameters
from mdgmvae.training import loop, optimiser
from mdgmvae.training.distribution import OneDevice
from mdgmvae.training.engine import Engine, Stack
from mdgmvae.training.loop import best
from mdgmvae.training.restarts import Restarts
from mdgmvae.training.state import State
from mdgmvae.training.training_set import Block

CPU = OneDevice("CPU:0")
SIZE, N = 40, 150
#: A step of one restart, as on a CPU. A block has two batches.
PLAIN = Engine(CPU, SIZE, 2 * SIZE, xla=False)
STACK = Stack(n_restarts=2, n_components=16, n_blocks=2)
NO_GROUPS = {0: None, 1: None}
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


ONE_BATCH = dataclasses.replace(PLAIN, block_frames=SIZE)
CASES = {
    "robust, compiled": (objective_of(vamp_weight=1.5, kl="analytic"), 4, PLAIN, STACK),
    # Products of three of the four components, for one restart after the other.
    "lagged": (
        objective_of(vamp_weight=1.5, decoder_target="lagged"),
        4,
        PLAIN,
        Stack(n_restarts=1, n_components=3, n_blocks=2),
    ),
    # A CPU draws the same components only if a block is one batch.
    "some components": (objective_of(n_decoded=2), 6, ONE_BATCH, STACK),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_stack_trains_as_each_restart_alone(walk, case, monkeypatch):
    """Also in calls of several blocks, at whose start the kinetic term looks ahead."""
    objective, k, plain, stack = CASES[case]
    monkeypatch.setattr("mdgmvae.training.steps.pairs_of_step", lambda k: 70)
    architecture = sizes(k, 4, 2, (6,), (5,), (4,), (7,))
    groups = GROUPS if k == 4 else NO_GROUPS
    _, expected = trained(walk, plain, objective, architecture, groups)
    moved = np.abs(expected[0][0][0] - initial(architecture, 2).weights[0])
    assert np.median(moved[moved > 0]) > 1e-2
    assert np.abs(expected[0][0][0] - expected[1][0][0]).max() > 0.1
    at_once = dataclasses.replace(plain, stack=stack, xla="compiled" in case)
    restarts, found = trained(walk, at_once, objective, architecture, groups)
    assert restarts.step == 8
    assert_same(found, expected)


@pytest.mark.slow
def test_a_restart_that_ended_does_not_disturb_the_others(walk):
    """One has diverged; the other is trained as if it were alone. Here with one component."""
    architecture = sizes(1, 4, 1, (6,), (5,), (4,), (7,))
    engine = dataclasses.replace(PLAIN, stack=STACK)
    state = initial(architecture, 2)
    state.weights[0] = np.nan
    _, expected = trained(walk, PLAIN, objective_of(), architecture, {1: None}, state=state)
    assert list(expected) == [1]
    _, found = trained(walk, engine, objective_of(), architecture, {1: None}, state=state)
    assert_same(found, expected)
    _, both = trained(walk, engine, objective_of(), architecture, NO_GROUPS, state=state)
    assert np.isnan(both[0][1]["loss"])
    assert_same({1: both[1]}, found)


@pytest.mark.parametrize("error", [tf.errors.InternalError, tf.errors.UnimplementedError])
def test_what_xla_cannot_compile_is_computed_without_it(walk, error, monkeypatch, caplog):
    """The weights are those before the attempt. Another error is none of XLA."""
    traced = []

    def steps_of(plan):
        def run(adam, settings, step, *arrays):
            adam.weights.assign_add(tf.ones_like(adam.weights))
            if plan.engine.xla:
                raise error(None, None, "Failed to compute symbolic tile\nand so on")
            return tf.zeros([*plan.shape, 5]), step + 1

        traced.append(plan.engine)
        return run

    monkeypatch.setattr(optimiser, "compiled_steps", steps_of)
    architecture = sizes(2, 4, 1)
    engine = dataclasses.replace(PLAIN, stack=STACK, xla=True)
    restarts, found = trained(walk, engine, objective_of(), architecture, NO_GROUPS, n_epochs=1)
    assert [engine.xla for engine in traced] == [True, False]
    assert caplog.text.count("without it, more slowly: Failed to compute symbolic tile\n") == 1
    assert restarts.step == 1
    np.testing.assert_array_equal(found[1][0][0], initial(architecture, 2).weights[1] + 1)
    error = tf.errors.ResourceExhaustedError
    with pytest.raises(error, match="symbolic"):
        trained(walk, engine, objective_of(), architecture, NO_GROUPS, n_epochs=1)


def test_a_gpu_computes_as_much_at_once_as_its_memory_permits():
    """An engine for a device that is not a CPU, of small, wide, and very wide frames."""
    found = {}
    for n_x, k in ((3, 5), (1000, 10), (5000, 20), (40_000, 1), (300_000, 20)):
        wide = {"px_dims": (256, 256)} if n_x > 3 else {}
        architecture = sizes(k, n_x, 3, **wide)
        engine = Engine.choose(
            OneDevice("GPU:0"),
            architecture,
            batch_size=1000,
            n_frames=250_000,
            block_frames=max(1, 2**20 // (1000 * n_x)) * 1000,
            n_epochs=10,
            resident=True,
            n_restarts=16,
        )
        assert engine.xla
        # XLA cannot compile a loop over components for several restarts.
        assert engine.stack.n_restarts == 1 or engine.stack.n_components >= max(k, 2)
        at_once = min(k, engine.stack.n_components)
        found[n_x] = engine.stack.n_restarts, at_once, engine.n_blocks * engine.n_batches
    assert found == {
        3: (16, 5, 256),
        1000: (8, 10, 100),
        5000: (1, 20, 26),
        40_000: (3, 1, 3),
        300_000: (1, 1, 1),
    }


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """Let the CPU compute as a GPU does."""

    def switch():
        monkeypatch.setattr(OneDevice, "is_cpu", False)

    return switch


@pytest.mark.slow
def test_a_fit_on_a_gpu_is_that_on_a_cpu(five_wells, as_on_a_gpu, monkeypatch, tmp_path):
    """Of three restarts some stop early, and the training moves to the other device midway."""
    x = five_wells[0][:1500]
    settings = {"k": 3, "n_epochs": 5, "n_init": 3, "seed": 1, "lr": 0.2, "lag": 2}
    settings |= {"qy_dims": 6, "qz_dims": 5, "pz_dims": 4, "px_dims": 8, "scale": "standard"}
    settings |= {"validation_fraction": 0.2, "patience": 1, "anneal": 0.0, "init": "random"}
    settings["lr_schedule"] = "constant"
    engines, found = [], []
    is_interrupted, run = False, optimiser.Optimiser.run

    def noted(self, block):
        engines.append(self._plan.engine)
        if is_interrupted and self.step > 4:
            raise KeyboardInterrupt
        run(self, block)

    monkeypatch.setattr(optimiser.Optimiser, "run", noted)
    monkeypatch.setattr(loop, "best", lambda all_: found.append(all_) or best(all_))

    def fit(**changes):
        return GMVAE.from_preset("robust", **settings, **changes).fit(x)

    on_cpu = fit()
    assert len({len(restart.history["loss"]) for restart in found[0]}) > 1
    is_interrupted = True
    with pytest.raises(KeyboardInterrupt):
        fit(checkpoint=tmp_path / "state.npz")
    assert all(engine.stack is None for engine in engines)
    is_interrupted, _ = False, engines.clear()
    as_on_a_gpu()
    moved, on_gpu = fit(checkpoint=tmp_path / "state.npz"), fit()
    assert all(engine.stack.n_restarts == 3 and engine.resident for engine in engines)
    for model, restarts in zip((moved, on_gpu), found[1:], strict=True):
        for ours, theirs in zip(restarts, found[0], strict=True):
            for name, values in theirs.history.items():
                assert ours.history[name] == pytest.approx(values, rel=2e-3, abs=2e-3)
        assert np.mean(model.predict(x) == on_cpu.predict(x)) > 0.999
