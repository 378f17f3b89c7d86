"""The loss, compared with a plain restatement, closed forms and finite differences."""

import numpy as np
import pytest
import restatement
import tensorflow as tf
from architectures import sizes

from mdgmvae.network import losses
from mdgmvae.network.architecture import flatten, initial_weights
from mdgmvae.network.networks import Gaussian, Network

ARCHITECTURES = [
    sizes(5, 3, 1),
    sizes(1, 4, 2, (6,), (5,), (4,), (7,)),
    sizes(3, 2, 3, (8, 6), (7, 5, 4), (6, 3), (9, 4)),
    sizes(4, 3, 2, (6,), (5,), (4,), (7,), relu_logits=True),
]


def random_case(architecture, seed=0, n=6):
    rng = np.random.default_rng(seed)
    weights = initial_weights(architecture, rng)
    # Biases are not zero, so that a forgotten bias is noticed.
    weights = {
        name: array + rng.normal(0, 0.3, array.shape).astype(np.float32)
        for name, array in weights.items()
    }
    x = rng.normal(size=(n, architecture.n_x))
    noise = rng.normal(size=(architecture.k, n, architecture.n_z))
    return weights, x, noise


def loss_of(architecture, weights, x, noise, r_nent, dtype=np.float64):
    network = Network(architecture, tf.constant(flatten(architecture, weights).astype(dtype)))
    terms = losses.frame_loss(network, *columns(x.astype(dtype), noise.astype(dtype)))
    return terms.total(r_nent, architecture.k)


def columns(x, noise):
    """Return frames (n, n_x) and noise (k, n, n_z) in the layout of the networks."""
    return tf.constant(x.T), tf.constant(noise.transpose(2, 0, 1).reshape(noise.shape[2], -1))


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
@pytest.mark.parametrize("r_nent", [0.0, 0.05, 1.0])
def test_loss_is_the_plain_restatement(architecture, r_nent):
    weights, x, noise = random_case(architecture)
    expected = [
        restatement.loss(weights, x[i], noise[:, i], r_nent, architecture.relu_logits)
        for i in range(len(x))
    ]
    found = loss_of(architecture, weights, x, noise, r_nent)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    single = loss_of(architecture, weights, x, noise, r_nent, np.float32)
    np.testing.assert_allclose(single, expected, rtol=2e-4)


def test_terms_add_up_to_the_loss():
    """This holds for single frames and for sums over frames, as each frame adds log k."""
    architecture = ARCHITECTURES[2]
    weights, x, noise = random_case(architecture)
    network = Network(architecture, tf.constant(flatten(architecture, weights).astype(np.float64)))
    terms = losses.frame_loss(network, *columns(x, noise))
    total = 0.3 * terms.negative_entropy + terms.reconstruction + terms.latent + np.log(3)
    np.testing.assert_allclose(terms.total(0.3, 3), total, rtol=1e-12)
    sums = losses.LossTerms(*[tf.reduce_sum(term) for term in terms])
    np.testing.assert_allclose(sums.total(0.3, 3, len(x)), np.sum(total), rtol=1e-12)


def test_order_renames_the_components_and_leaves_the_loss():
    architecture = sizes(3, 2, 1)
    weights, x, noise = random_case(architecture)
    renamed = sizes(3, 2, 1, order=(2, 0, 1))
    before = Network(architecture, tf.constant(flatten(architecture, weights)))
    after = Network(renamed, tf.constant(flatten(architecture, weights)))
    x32 = x.astype(np.float32).T
    np.testing.assert_array_equal(after.logits(x32), before.logits(x32).numpy()[[2, 0, 1]])
    means = before.encode(x32).mean.numpy().reshape(1, 3, len(x))
    np.testing.assert_allclose(
        after.encode(x32).mean, means[:, [2, 0, 1]].reshape(1, -1), rtol=1e-5
    )
    np.testing.assert_allclose(
        loss_of(renamed, weights, x, noise[[2, 0, 1]], 0.05),
        loss_of(architecture, weights, x, noise, 0.05),
        rtol=1e-10,
    )


def test_log_normal_is_the_density_of_scipy():
    from scipy.stats import norm

    x, mean, variance = np.random.default_rng(0).uniform(0.5, 2.0, (3, 7, 4))
    expected = norm.logpdf(x, mean, np.sqrt(variance)).sum(axis=0)
    np.testing.assert_allclose(losses.log_normal(x, Gaussian(mean, variance)), expected)


@pytest.mark.parametrize("k", [2, 5])
def test_negative_entropy_lies_between_minus_log_k_and_zero(k):
    even, sure = np.zeros((k, 1)), 100.0 * np.eye(k)[:, :1]
    np.testing.assert_allclose(losses.negative_entropy(even), -np.log(k))
    np.testing.assert_allclose(losses.negative_entropy(sure), 0.0, atol=1e-12)


@pytest.mark.parametrize("architecture", ARCHITECTURES[:3], ids=str)
def test_gradient_is_the_finite_difference(architecture):
    weights, x, noise = random_case(architecture, seed=2)
    flat = flatten(architecture, weights).astype(np.float64)

    def mean_loss(vector):
        network = Network(architecture, vector)
        terms = losses.frame_loss(network, *columns(x, noise))
        return tf.reduce_mean(terms.total(0.05, architecture.k))

    variable = tf.Variable(flat)
    with tf.GradientTape() as tape:
        loss = mean_loss(tf.identity(variable))
    gradient = tape.gradient(loss, variable).numpy()
    rng = np.random.default_rng(1)
    step = 1e-6
    for _ in range(8):
        direction = rng.normal(size=flat.shape)
        up, down = (mean_loss(tf.constant(flat + s * step * direction)) for s in (1, -1))
        slope = float(up - down) / (2 * step)
        assert gradient @ direction == pytest.approx(slope, rel=1e-5, abs=1e-7)
