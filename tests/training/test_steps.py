"""Training steps, compared with the plain loss: gradients, engines, padding of blocks."""

import dataclasses
import logging
import time

import numpy as np
import pytest
import tensorflow as tf
from architectures import sizes

from mdgmvae import GMVAE
from mdgmvae.network import losses
from mdgmvae.network.architecture import flatten, initial_weights
from mdgmvae.network.kinetic_term import (
    covariances,
    grouped,
    inverse,
    vamp2,
)
from mdgmvae.network.networks import Network
from mdgmvae.network.objective import Batch, Objective, batch_loss
from mdgmvae.presets import Hyperparameters
from mdgmvae.training import steps
from mdgmvae.training.distribution import OneDevice
from mdgmvae.training.engine import Engine
from mdgmvae.training.optimiser import Optimiser
from mdgmvae.training.training_set import Block

ARCHITECTURES = [
    sizes(5, 3, 1),
    sizes(1, 4, 2, (6,), (5,), (4,), (7,)),
    sizes(3, 80, 5, (8, 6), (7, 5, 4), (6, 3), (9, 4)),
    sizes(4, 3, 2, (6,), (5,), (4,), (7,), px_floor=1e-2, order=(2, 0, 3, 1)),
]
CPU = OneDevice("CPU:0")
N = 60


def objective_of(**given):
    return Objective.of(Hyperparameters(**given))


def weights_of(architecture, dtype=np.float32):
    rng = np.random.default_rng(3)
    weights = initial_weights(architecture, rng)
    # Biases are not zero, so that a forgotten bias is noticed.
    weights = {name: w + rng.normal(0, 0.3, w.shape) for name, w in weights.items()}
    return flatten(architecture, weights).astype(dtype)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
@pytest.mark.parametrize("lagged", [False, True])
@pytest.mark.parametrize("analytic", [False, True])
def test_gradient_of_a_step_is_that_of_the_plain_loss(architecture, lagged, analytic):
    """The loss is the mean over the frames of a batch, without its padding."""
    a, rng = architecture, np.random.default_rng(0)
    x, later = rng.normal(size=(2, a.n_x, N))
    counts = (np.arange(N) < 50).astype(np.float64)
    has_partner = (np.arange(N) % 4 > 0).astype(np.float64)
    noise = tf.constant(rng.normal(size=(a.n_z, a.k * N)))
    batch = Batch.whole(*map(tf.constant, (x, counts, later, has_partner)))
    flat = tf.constant(weights_of(a, np.float64))
    objective = objective_of(
        decoder_target="lagged" if lagged else "same", kl="analytic" if analytic else "sampled"
    )
    weight = has_partner if lagged else counts
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(flat)
        plain = losses.frame_loss(
            Network(a, flat), batch.x, noise,
            target=batch.later if lagged else None, analytic_kl=analytic,
        )  # fmt: skip
        of_frames = plain.total(0.3, a.k)
        mean = tf.reduce_sum(weight * of_frames) / weight.sum()
        loss, terms = batch_loss(a, flat, objective, batch, noise, None, batch, None, None, 0.3)
    expected, found = (tape.gradient(value, flat).numpy() for value in (mean, loss))
    assert np.linalg.norm(found - expected) < 1e-10 * np.linalg.norm(expected)
    np.testing.assert_allclose(
        terms,
        [*(tf.reduce_sum(weight * term) for term in (of_frames, *plain)), weight.sum()],
        rtol=1e-12,
    )


@pytest.mark.parametrize("n_decoded", [1, 2])
def test_sampled_components_are_not_biased(n_decoded):
    """The mean over the draws equals the full sum, in value and in gradient."""
    a, rng, n_draws = sizes(6, 4, 2, (8,)), np.random.default_rng(0), 400
    x, noise = rng.normal(size=(4, N)), rng.normal(size=(2, 6, N))
    counts = np.where(np.arange(N) < 50, 1.0, 0.0)
    flat = tf.constant(weights_of(a, np.float64))

    def loss_and_gradient(draws, n_decoded):
        """Return the mean over the draws. All frames use the same draw."""
        repeated = (np.tile(values, len(draws)) for values in (x, counts))
        batch = Batch.whole(*map(tf.constant, repeated), None, None)
        own = tf.constant(np.tile(noise, len(draws)).reshape(2, -1))
        uniform = tf.constant(np.repeat(draws, N))
        with tf.GradientTape() as tape:
            tape.watch(flat)
            loss, _ = batch_loss(
                a, flat, objective_of(n_decoded=n_decoded), batch, own, uniform, batch,
                None, None, 0.05,
            )  # fmt: skip
        return np.concatenate([[loss], tape.gradient(loss, flat)])

    # The draws are evenly spaced between 0 and 1.
    draws = (np.arange(n_draws) + 0.5) / n_draws
    full, sampled = loss_and_gradient(draws[:1], None), loss_and_gradient(draws, n_decoded)
    assert np.std([loss_and_gradient([u], n_decoded)[0] for u in draws[::100]]) > 1e-3
    assert sampled[0] == pytest.approx(full[0], rel=1e-3)
    assert np.linalg.norm(sampled - full) < 5e-3 * np.linalg.norm(full)


@pytest.mark.parametrize("settled", [False, True])
def test_kinetic_term_of_a_step_has_the_slope_of_vamp2(settled):
    """VAMP-2 of the components and, if given, of the states, over the pairs only."""
    a, rng = sizes(4, 3, 2), np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(3, N + 1)), axis=1)
    x, later = walk[:, :-1], walk[:, 1:]
    has_partner = (np.arange(N) % 4 > 0).astype(np.float64)
    batch = Batch.whole(*map(tf.constant, (x, np.ones(N), later, has_partner)))
    groups = tf.constant(np.eye(4)[[0, 0, 2, 2]] if settled else np.zeros((4, 4)))
    flat, ridge = tf.constant(weights_of(a, np.float64)), tf.constant(1e-2, tf.float64)
    noise = tf.constant(rng.normal(size=(2, 4 * N)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(flat)
        with_term, without = (
            batch_loss(
                a, flat, objective_of(vamp_weight=w), batch, noise, None, batch, groups, ridge, 0.3
            )[0]
            for w in (2.0, 0.0)
        )
        pairs = np.flatnonzero(has_partner)
        q0, q1 = (
            tf.nn.softmax(Network(a, flat).logits(tf.constant(frames[:, pairs])), axis=0)
            for frames in (x, later)
        )
        c = covariances(q0, q1, tf.ones(len(pairs), tf.float64))
        score = vamp2(c, ridge) + vamp2(grouped(c, groups), ridge)
    found = tape.gradient(with_term, flat) - tape.gradient(without, flat)
    expected = -2.0 * np.sqrt(3) * tape.gradient(score, flat)
    assert np.linalg.norm(expected) > 0.01
    assert np.linalg.norm(found - expected) < 1e-9 * np.linalg.norm(expected)


def test_kinetic_term_sees_the_batch_and_those_before_it(block, monkeypatch):
    """With batches of 100, the covariances are those of 300 frames."""
    seen = []

    def batch_loss(a, flat, objective, batch, noise, uniform, many, *rest):
        tf.py_function(
            lambda *given: seen.append([v.numpy() for v in given]), [batch.x, many.x], []
        )
        return tf.reduce_sum(flat**2), tf.zeros(5)

    monkeypatch.setattr(steps, "batch_loss", batch_loss)
    monkeypatch.setattr(steps, "pairs_of_step", lambda k: 300)
    optimised(
        Engine(CPU, 100, 700, xla=False),
        dataclasses.replace(KINETIC, vamp_weight=0.1),
        block,
        1,
    )
    columns = np.zeros((4, 704), np.float32)
    columns[:, :699] = block.frames.T
    assert len(seen) == 7
    for i, (batch, many) in enumerate(seen):
        end = max(100 * (i + 1), 300)
        np.testing.assert_array_equal(batch, columns[:, 100 * i : 100 * (i + 1)])
        np.testing.assert_array_equal(many, columns[:, end - 300 : end])


@pytest.mark.slow
def test_data_of_about_as_many_frames_share_what_was_traced(five_wells):
    def fit(n):
        GMVAE(k=2, n_epochs=1, n_z=4, seed=0).fit(five_wells[0][:n])

    fit(1100)
    before = steps.compiled_steps.cache_info().misses
    for n in (1101, 1400, 2000, 400):
        fit(n)
    after = steps.compiled_steps.cache_info().misses
    fit(401)
    assert after - before <= 2 and steps.compiled_steps.cache_info().misses == after


def optimised(engine, objective, block, n_epochs=2):
    architecture = sizes(3, 4, 2)
    flat = weights_of(architecture)
    optimiser = Optimiser(architecture, objective, engine, flat, 0 * flat, 0 * flat, 0, 1e-3)
    for epoch in range(n_epochs):
        optimiser.start_epoch(1e-3, 0.5, epoch, np.eye(3, dtype=np.float32))
        optimiser.run(block)
    return flat, optimiser


@pytest.fixture
def block():
    rng = np.random.default_rng(1)
    rows = np.cumsum(rng.normal(size=(700, 4)), axis=0).astype(np.float32) / 10
    return Block(rows[:-1], rows[1:], (np.arange(699)[:, np.newaxis] % 50 > 0).astype(np.float32))


KINETIC = objective_of(vamp_weight=1.5, decoder_target="lagged", kl="analytic")


def check_engines(objective, block):
    plain = Engine(CPU, 100, 700, xla=False)
    start, without = optimised(plain, objective, block)
    _, compiled = optimised(dataclasses.replace(plain, xla=True), objective, block)
    moved = np.abs(without.arrays()[0] - start)
    assert np.median(moved[moved > 0]) > 5e-3
    np.testing.assert_allclose(compiled.arrays()[0], without.arrays()[0], atol=2e-4)
    assert compiled.means()["loss"] == pytest.approx(without.means()["loss"], rel=1e-4)
    assert compiled.step == without.step == 14


@pytest.mark.slow
def test_engines_end_with_the_same_weights(block):
    check_engines(objective_of(), Block(block.frames))


@pytest.mark.slow
def test_engines_agree_on_pairs_and_a_shorter_block_is_not_compiled_anew(block):
    began = time.perf_counter()
    check_engines(KINETIC, block)
    first, took = time.perf_counter() - began, []
    for n in (350, 420, 130):
        part = Block(block.frames[:n], block.later[:n], block.has_partner[:n])
        began = time.perf_counter()
        optimised(Engine(CPU, 100, 700, xla=True), KINETIC, part, 1)
        took.append(time.perf_counter() - began)
    assert max(took) < 0.2 * first


@pytest.mark.parametrize(
    ("objective", "xla"),
    [
        (objective_of(), False),
        pytest.param(objective_of(), True, marks=pytest.mark.slow),
        pytest.param(objective_of(decoder_target="lagged"), False, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_what_fills_up_a_block_does_not_count(block, objective, xla):
    """The last batch and the last block of an epoch are short."""
    if not objective.uses_pairs:
        block = Block(block.frames)
    exact, longer = (optimised(Engine(CPU, 100, n, xla), objective, block)[1] for n in (700, 1200))
    for ours, theirs in zip(exact.arrays(), longer.arrays(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert exact.means() == longer.means()


def test_a_lower_precision_is_near_and_only_where_it_pays(block):
    """Only products of wide matrices lose precision; thin networks do not change."""
    x = tf.constant(np.tile(block.frames[:100], (1, 20)).T)
    batch = Batch.whole(x, tf.ones(100), None, None)
    noise = tf.constant(np.random.default_rng(0).normal(size=(2, 200)), tf.float32)
    wide = sizes(2, 80, 2, (96, 70), (70, 64), (5,), (128, 66), px_floor=1.0)
    thin = sizes(2, 80, 2, (63, 63), (63,), (5,), (63, 63), px_floor=1.0)
    for architecture, differs in ((wide, True), (thin, False)):
        flat, found = tf.constant(weights_of(architecture)), []
        for precision in ("float32", "bfloat16"):
            with tf.GradientTape() as tape:
                tape.watch(flat)
                loss, _ = batch_loss(
                    architecture, flat, objective_of(precision=precision), batch, noise, None,
                    batch, None, None, 0.5,
                )  # fmt: skip
            found.append((float(loss), tape.gradient(loss, flat).numpy()))
        (exact, slope), (rounded, its_slope) = found
        assert (exact != rounded) == np.any(slope != its_slope) == differs
        assert rounded == pytest.approx(exact, rel=5e-2)
        assert np.linalg.norm(its_slope - slope) < 0.1 * np.linalg.norm(slope)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["paper", "robust"])
def test_frames_that_stay_on_the_device_train_the_same(preset, five_wells, monkeypatch):
    """This happens on a GPU. Here with a short last batch, held-out frames and two restarts."""
    settings = {"k": 3, "n_epochs": 3, "n_init": 2, "scale": "standard", "seed": 0}
    sent = GMVAE.from_preset(preset, **settings).fit(five_wells[0][:3000])
    monkeypatch.setattr(OneDevice, "keeps_frames", True)
    kept, blocks = GMVAE.from_preset(preset, **settings), []
    run = Optimiser.run
    monkeypatch.setattr(Optimiser, "run", lambda self, b: (blocks.append(b), run(self, b)))
    kept.fit(five_wells[0][:3000])
    assert blocks and all(block.frames.dtype == np.int32 for block in blocks)
    assert kept.history_ == sent.history_
    for name, weights in sent.weights_.items():
        np.testing.assert_array_equal(kept.weights_[name], weights)


@pytest.mark.parametrize("k", [1, 4, 20])
def test_inverse_of_nearly_singular_matrices(k):
    rng = np.random.default_rng(0)
    q = rng.dirichlet(np.full(k, 0.05), 3000)
    q[:, -1] = 0.0
    c = np.stack([q.T @ q / 3000 + 1e-4 * np.eye(k), np.eye(k)])
    np.testing.assert_allclose(inverse(tf.constant(c)), np.linalg.inv(c), rtol=1e-9, atol=1e-9)


def test_log_says_which_engine(five_wells, caplog, monkeypatch):
    """Here no step is taken: what XLA compiles is what it is without XLA (see above)."""

    class Chosen(Exception):
        pass

    def stop(plan):
        raise Chosen(plan.engine.xla)

    monkeypatch.setattr("mdgmvae.training.optimiser.compiled_steps", stop)
    for n_epochs, said in ((249, "996 steps"), (250, "1,000 steps")):
        xla = n_epochs == 250
        with caplog.at_level(logging.INFO, "mdgmvae"), pytest.raises(Chosen, match=str(xla)):
            GMVAE(n_epochs=n_epochs, seed=0).fit(five_wells[0][:2000])
        how = "compiled by XLA" if xla else "without XLA"
        assert f"at most {said} of 517 frames on CPU:0, {how}" in caplog.text
        caplog.clear()
