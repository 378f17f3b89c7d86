"""The four networks of the GMVAE, as functions of a vector of weights (TensorFlow).

Bozkurt Varolgunes, Bereau & Rudzinski 2020 (arXiv 1912.12175), section 2::

    q(y|x)   = softmax(NN_Qy(x))                     logits without activation
    q(z|x,y) = N(mean, variance of NN_Qz([x, A y]))  A y: linear k -> k transform of one-hot y
    p(z|y)   = N(mean, variance of NN_Pz(y))
    p(x|z)   = N(mean, variance of NN_Px(z))
    p(y)     = 1 / k

Hidden layers are ReLU, means have no activation, variances are softplus + 1e-5 (that of p(x|z):
plus `px_floor`, by default the same). What
depends on y is computed for all k components at once: their axis comes first.
"""

from typing import NamedTuple

import tensorflow as tf

from .architecture import Architecture

#: Floor of the variances in latent space, of the paper's code.
VARIANCE_FLOOR = 1e-5


class Gaussian(NamedTuple):
    """Mean and variance of a diagonal Gaussian, two tensors of one shape."""

    mean: tf.Tensor
    variance: tf.Tensor


class Network:
    """The networks over given weights.

    Parameters
    ----------
    architecture : Architecture
    flat : tensor of shape (architecture.n_weights,)
        All weights, in the order of ``architecture.shapes``.
    """

    def __init__(self, architecture: Architecture, flat: tf.Tensor) -> None:
        self.architecture = architecture
        shapes = architecture.shapes
        sizes = [int(tf.TensorShape(shape).num_elements()) for shape in shapes.values()]
        self._weights = {
            name: tf.reshape(part, shape)
            for (name, shape), part in zip(shapes.items(), tf.split(flat, sizes), strict=True)
        }
        self._one_hot = tf.gather(tf.eye(architecture.k, dtype=flat.dtype), self._order)

    @property
    def _order(self) -> list[int]:
        return list(self.architecture.component_order)

    def logits(self, x: tf.Tensor) -> tf.Tensor:
        """Logits of q(y|x): (n, n_x) -> (n, k)."""
        n_hidden = len(self.architecture.qy_dims)
        h = self._hidden("qy", x, range(n_hidden))
        logits = self._dense(f"qy/{n_hidden}", h)
        if self.architecture.relu_logits:
            logits = tf.nn.relu(logits)
        return tf.gather(logits, self._order, axis=-1) if self.architecture.order else logits

    def encode(self, x: tf.Tensor) -> Gaussian:
        """q(z|x,y) for every y: (n, n_x) -> mean and variance of shape (k, n, n_z).

        The first layer reads x beside the transformed one-hot y, so x W is the same for all
        components and y only adds a bias to it.
        """
        weights, biases = self._weights["qz/0/weights"], self._weights["qz/0/biases"]
        y = self._dense("qz/one_hot", self._one_hot)
        n_x = self.architecture.n_x
        of_x = tf.matmul(x, weights[:n_x])
        of_y = tf.matmul(y, weights[n_x:]) + biases
        h = tf.nn.relu(of_x[tf.newaxis] + of_y[:, tf.newaxis])
        return self._gaussian("qz", h, range(1, len(self.architecture.qz_dims)), VARIANCE_FLOOR)

    def prior(self) -> Gaussian:
        """p(z|y) for every y: mean and variance of shape (k, 1, n_z)."""
        one_hot = self._one_hot[:, tf.newaxis]
        return self._gaussian("pz", one_hot, range(len(self.architecture.pz_dims)), VARIANCE_FLOOR)

    def decode(self, z: tf.Tensor) -> Gaussian:
        """p(x|z): (..., n_z) -> mean and variance of shape (..., n_x)."""
        a = self.architecture
        return self._gaussian("px", z, range(len(a.px_dims)), a.px_floor)

    def _gaussian(self, network: str, h: tf.Tensor, layers: range, floor: float) -> Gaussian:
        leading = tf.shape(h)[:-1]
        # One large matrix product is faster than a product for each component.
        h = self._hidden(network, tf.reshape(h, [-1, h.shape[-1]]), layers)
        mean = self._dense(f"{network}/mean", h)
        variance = tf.nn.softplus(self._dense(f"{network}/variance", h)) + floor
        shape = tf.concat([leading, [mean.shape[-1]]], 0)
        return Gaussian(tf.reshape(mean, shape), tf.reshape(variance, shape))

    def _hidden(self, network: str, h: tf.Tensor, layers: range) -> tf.Tensor:
        for layer in layers:
            h = tf.nn.relu(self._dense(f"{network}/{layer}", h))
        return h

    def _dense(self, name: str, h: tf.Tensor) -> tf.Tensor:
        return tf.matmul(h, self._weights[f"{name}/weights"]) + self._weights[f"{name}/biases"]
