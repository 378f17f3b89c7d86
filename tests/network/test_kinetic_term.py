"""The kinetic term, compared with known scores and with finite differences."""

import numpy as np
import pytest
import tensorflow as tf

from mdgmvae.kinetics import vamp2
from mdgmvae.kinetics.covariances import Covariances
from mdgmvae.network import kinetic_term
from mdgmvae.training.lagged_pairs import pairs_of_step, ridge_of, ridged_vamp2

BATCH = 517


def one_hot(labels, k):
    return np.eye(k, dtype=np.float32)[labels]


def covariances(q0, q1):
    """Return the covariances of q (n, k); the networks store frames as columns."""
    return kinetic_term.covariances(
        tf.constant(q0.T), tf.constant(q1.T), tf.ones(len(q0), tf.float32)
    )


@pytest.mark.slow
def test_a_batch_is_biased_and_the_pairs_of_a_step_are_not():
    """Without any dynamics, the score of n pairs is 1 + (k - 1)^2 / n; here k = 20."""
    k, rng = 20, np.random.default_rng(0)
    ridge = tf.constant(ridge_of(20_000))

    def score(n):
        q0, q1 = (one_hot(rng.integers(k, size=n), k) for _ in range(2))
        return float(kinetic_term.vamp2(covariances(q0, q1), ridge))

    alone, many = ([score(n) for _ in range(10)] for n in (BATCH, pairs_of_step(k)))
    assert np.mean(alone) == pytest.approx(1 + (k - 1) ** 2 / BATCH, abs=0.1)
    assert np.abs(np.array(many) - 1).max() < 0.05


@pytest.mark.slow
def test_a_rare_slow_state_counts():
    """The state has 0.1 % of the frames, so half of the batches contain none of them."""
    rng, ridge = np.random.default_rng(1), tf.constant(ridge_of(200_000))

    def score(n):
        q = one_hot((rng.random(n) < 0.001).astype(int), 2)
        return float(kinetic_term.vamp2(covariances(q, q), ridge))

    alone, many = ([score(n) for _ in range(50)] for n in (BATCH, pairs_of_step(2)))
    assert np.mean(alone) < 1.5
    assert np.mean(many) > 1.9 and np.std(many) < 0.2


def test_score_of_labels_is_that_of_the_kinetics(mueller_brown):
    labels = np.digitize(mueller_brown[:, 0], [-0.7, -0.2, 0.4])
    for lag in (1, 7):
        q = one_hot(labels, 4)
        ours = float(kinetic_term.vamp2(covariances(q[:-lag], q[lag:]), tf.constant(1e-7)))
        assert ours == pytest.approx(vamp2(labels, lag=lag), abs=2e-3)
        streamed = ridged_vamp2(Covariances.of([(q[:-lag], q[lag:])]))
        assert streamed == pytest.approx(ours, abs=2e-3)


def test_pairs_of_weight_zero_do_not_count():
    rng = np.random.default_rng(2)
    q0, q1 = (rng.dirichlet(np.ones(3), 200).astype(np.float32) for _ in range(2))
    weights = (np.arange(200) < 120).astype(np.float32)
    some = kinetic_term.covariances(tf.constant(q0.T), tf.constant(q1.T), tf.constant(weights))
    np.testing.assert_allclose(some, covariances(q0[:120], q1[:120]), rtol=1e-5)


@pytest.mark.parametrize("is_grouped", [False, True])
def test_surrogate_has_the_gradient_of_the_score(is_grouped):
    """By central differences of VAMP-2 along a random change of the logits, over all pairs."""
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(2, 400, 4)).astype(np.float64)
    logits[1] = 0.8 * logits[0] + 0.4 * logits[1]
    direction = rng.normal(size=logits.shape)
    groups = tf.constant(np.eye(4)[:, :3] + np.eye(4)[:, [3, 0, 0]] * [1, 0, 0])
    ridge = tf.constant(1e-3, tf.float64)

    def of(values):
        q = tf.linalg.matrix_transpose(tf.nn.softmax(values))
        c = kinetic_term.covariances(q[0], q[1], tf.ones(400, tf.float64))
        return kinetic_term.grouped(c, groups) if is_grouped else c

    step = 1e-5
    ahead, behind = (
        float(kinetic_term.vamp2(of(tf.constant(logits + sign * step * direction)), ridge))
        for sign in (1, -1)
    )
    values = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(values)
        seen = of(values)
        number = kinetic_term.surrogate(seen, tf.stop_gradient(seen), ridge)
    slope = float(tf.reduce_sum(tape.gradient(number, values) * direction))
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-5)


def test_an_empty_component_has_a_finite_score_and_gradient():
    rng = np.random.default_rng(4)
    labels = np.repeat(rng.integers(3, size=40), 25)
    q = tf.constant(one_hot(labels, 4))  # component 3 is empty
    with tf.GradientTape() as tape:
        tape.watch(q)
        columns = tf.transpose(q)
        seen = kinetic_term.covariances(columns[:, :-1], columns[:, 1:], tf.ones(len(labels) - 1))
        number = kinetic_term.surrogate(seen, seen, tf.constant(1e-4))
    assert np.isfinite(tape.gradient(number, q)).all()
    score = float(kinetic_term.vamp2(seen, tf.constant(1e-6)))
    assert score == pytest.approx(vamp2(labels, lag=1), abs=1e-2)
