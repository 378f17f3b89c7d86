"""The four networks of the GMVAE, as functions of a vector of weights (TensorFlow).

Bozkurt Varolgunes, Bereau & Rudzinski 2020 (arXiv 1912.12175), section 2::

    q(y|x)   = softmax(NN_Qy(x))                     logits without activation
    q(z|x,y) = N(mean, variance of NN_Qz([x, A y]))  A y: linear k -> k transform of one-hot y
    p(z|y)   = N(mean, variance of NN_Pz(y))
    p(x|z)   = N(mean, variance of NN_Px(z))
    p(y)     = 1 / k

Hidden layers are ReLU, means have no activation, variances are softplus + 1e-5 (that of p(x|z):
plus `px_floor`, by default the same).

Arrays are feature-major: a frame is a column. What depends on the component y is computed for
all of them at once and has the shape (values, k, n). Then the narrow layers of these networks
work along memory, on all frames and components in one matrix product. In front of these axes
there may be others, the same as in front of the weights: several networks, side by side.
"""

from typing import NamedTuple

import tensorflow as tf

from .architecture import Architecture

#: Floor of the variances in latent space, of the paper's code.
VARIANCE_FLOOR = 1e-5
#: Mean and variance of so few values come from one matrix product; of more, the copies that
#: this takes cost more than a second product.
JOINT_HEADS = 64


class Gaussian(NamedTuple):
    """Mean and variance of a diagonal Gaussian, two tensors of one shape."""

    mean: tf.Tensor
    variance: tf.Tensor


class Network:
    """The networks over given weights.

    Parameters
    ----------
    architecture : Architecture
    flat : tensor of shape (..., architecture.n_weights)
        All weights, in the order of ``architecture.shapes``; for several networks, their
        results have the same leading axes.
    """

    def __init__(self, architecture: Architecture, flat: tf.Tensor) -> None:
        self.architecture = architecture
        shapes = architecture.shapes
        leading = flat.shape[:-1].as_list()
        sizes = [int(tf.TensorShape(shape).num_elements()) for shape in shapes.values()]
        parts = tf.split(flat, sizes, axis=-1)
        self._weights = {
            name: tf.reshape(part, leading + list(shape))
            for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }
        self._one_hot = tf.gather(
            tf.eye(architecture.k, batch_shape=leading, dtype=flat.dtype), self._order, axis=-1
        )

    @property
    def _order(self) -> list[int]:
        return list(self.architecture.component_order)

    def logits(self, x: tf.Tensor) -> tf.Tensor:
        """Logits of q(y|x): (n_x, n) -> (k, n)."""
        n_hidden = len(self.architecture.qy_dims)
        h = self._hidden("qy", x, range(n_hidden))
        logits = self._dense(f"qy/{n_hidden}", h)
        if self.architecture.relu_logits:
            logits = tf.nn.relu(logits)
        return tf.gather(logits, self._order, axis=-2) if self.architecture.order else logits

    def encode(self, x: tf.Tensor) -> Gaussian:
        """q(z|x,y) for every y: (n_x, n) -> mean and variance of shape (n_z, k, n).

        The first layer reads x beside the transformed one-hot y, so W x is the same for all
        components and y only adds a bias to it.
        """
        weights, biases = self._weights["qz/0/weights"], self._weights["qz/0/biases"]
        y = self._dense("qz/one_hot", self._one_hot)
        n_x = self.architecture.n_x
        of_x = tf.matmul(weights[..., :n_x, :], x, transpose_a=True)
        of_y = tf.matmul(weights[..., n_x:, :], y, transpose_a=True) + biases[..., tf.newaxis]
        h = tf.nn.relu(of_y[..., tf.newaxis] + of_x[..., tf.newaxis, :])
        return self._gaussian("qz", h, range(1, len(self.architecture.qz_dims)), VARIANCE_FLOOR)

    def prior(self) -> Gaussian:
        """p(z|y) for every y: mean and variance of shape (n_z, k, 1)."""
        one_hot = self._one_hot[..., tf.newaxis]
        return self._gaussian("pz", one_hot, range(len(self.architecture.pz_dims)), VARIANCE_FLOOR)

    def decode(self, z: tf.Tensor) -> Gaussian:
        """p(x|z): (n_z, k, n) -> mean and variance of shape (n_x, k, n)."""
        a = self.architecture
        return self._gaussian("px", z, range(len(a.px_dims)), a.px_floor)

    def _gaussian(self, network: str, h: tf.Tensor, layers: range, floor: float) -> Gaussian:
        """Both heads on the hidden layers of (values, k, n)."""
        components_and_frames = tf.shape(h)[-2:]
        columns = tf.reshape(h, [*h.shape[:-2], -1])
        mean, variance = self._heads(network, self._hidden(network, columns, layers))
        shape = tf.concat([tf.shape(mean)[:-1], components_and_frames], 0)
        variance = tf.nn.softplus(variance) + floor
        return Gaussian(tf.reshape(mean, shape), tf.reshape(variance, shape))

    def _heads(self, network: str, h: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        names = [f"{network}/mean", f"{network}/variance"]
        if self._weights[f"{names[0]}/biases"].shape[-1] > JOINT_HEADS:
            mean, variance = (self._dense(name, h) for name in names)
            return mean, variance
        weights, biases = (
            tf.concat([self._weights[f"{name}/{part}"] for name in names], -1)
            for part in ("weights", "biases")
        )
        mean, variance = tf.split(_affine(weights, biases, h), 2, axis=-2)
        return mean, variance

    def _hidden(self, network: str, h: tf.Tensor, layers: range) -> tf.Tensor:
        for layer in layers:
            h = tf.nn.relu(self._dense(f"{network}/{layer}", h))
        return h

    def _dense(self, name: str, h: tf.Tensor) -> tf.Tensor:
        return _affine(self._weights[f"{name}/weights"], self._weights[f"{name}/biases"], h)


def _affine(weights: tf.Tensor, biases: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    return _add_bias(tf.matmul(weights, h, transpose_a=True), biases)


@tf.custom_gradient
def _add_bias(h: tf.Tensor, biases: tf.Tensor):  # type: ignore[no-untyped-def]
    def gradient(slope):  # type: ignore[no-untyped-def]
        # The sum over the columns as a product: XLA does not use vector instructions for sums.
        return slope, tf.matmul(slope, tf.ones([tf.shape(slope)[-1], 1], slope.dtype))[..., 0]

    return h + biases[..., tf.newaxis], gradient
