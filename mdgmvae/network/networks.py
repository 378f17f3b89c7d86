"""The four networks of the GMVAE, given a vector of weights (TensorFlow).

Bozkurt Varolgunes, Bereau & Rudzinski 2020 (arXiv 1912.12175), section 2::

    q(y|x)   = softmax(NN_Qy(x))                     logits without activation
    q(z|x,y) = N(mean, variance of NN_Qz([x, A y]))  A y: linear k -> k transform of one-hot y
    p(z|y)   = N(mean, variance of NN_Pz(y))
    p(x|z)   = N(mean, variance of NN_Px(z))
    p(y)     = 1 / k

Hidden layers are ReLU, means have no activation, and variances are softplus + 1e-5 (softplus +
`px_floor` for p(x|z), with the same default).

Each frame is a column of an array. Arrays that depend on the component y have k n columns: all
frames for the first component, then all frames for the second, and so on. In this layout each
layer takes one matrix product for all frames and components, with contiguous access to memory.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .architecture import Architecture
from .quiet_tensorflow import tf

#: Lower bound of the variances in latent space, from the paper's code.
VARIANCE_FLOOR = 1e-5
#: Largest number of outputs for which mean and variance share a matrix product. With more outputs,
#: joining the two weight matrices takes longer than a second product.
JOINT_HEADS = 64
#: Number of rows or columns below which a matrix product is no faster in a lower precision.
WIDE = 64
#: Largest number of inputs for which one product gives the gradients of weights and biases, by
#: appending a constant 1 to the inputs.
FEW_INPUTS = 4


class Gaussian(NamedTuple):
    """Mean and variance of a diagonal Gaussian: two tensors of the same shape."""

    mean: tf.Tensor
    variance: tf.Tensor


class Network:
    """The four networks, or one of them, with given weights.

    Parameters
    ----------
    architecture : Architecture
    flat : tensor of shape (architecture.n_weights,)
        The weights, in the order of ``architecture.shapes``.
    part : str
        Prefix of the only network whose weights are in `flat`, such as "px/"; "" for all.
    precision : str
        Data type of the wide matrix products; "" for the type of the weights.
    """

    def __init__(
        self, architecture: Architecture, flat: tf.Tensor, part: str = "", precision: str = ""
    ) -> None:
        self.architecture = architecture
        self._precision = precision
        shapes = {n: shape for n, shape in architecture.shapes.items() if n.startswith(part)}
        sizes = [math.prod(shape) for shape in shapes.values()]
        self._flat = dict(zip(shapes, tf.split(flat, sizes), strict=True))
        self._shaped: dict[str, tf.Tensor] = {}
        one_hot = np.eye(architecture.k)[:, self._order]
        self._one_hot = tf.constant(one_hot, flat.dtype)

    @property
    def _order(self) -> list[int]:
        return list(self.architecture.component_order)

    def _weights(self, name: str) -> tf.Tensor:
        """Return the weights of a layer as a matrix, or its biases as a column."""
        # Only what is used is shaped: a function often needs a single network.
        if name not in self._shaped:
            shape = self.architecture.shapes[name]
            shape = shape if len(shape) == 2 else (*shape, 1)
            self._shaped[name] = tf.reshape(self._flat[name], shape)
        return self._shaped[name]

    def logits(self, x: tf.Tensor) -> tf.Tensor:
        """Return the logits of q(y|x): (n_x, n) -> (k, n)."""
        n_hidden = len(self.architecture.qy_dims)
        h = self._hidden("qy", x, range(n_hidden))
        logits = self._dense(f"qy/{n_hidden}", h)
        if self.architecture.relu_logits:
            logits = tf.nn.relu(logits)
        return tf.gather(logits, self._order) if self.architecture.order else logits

    def encode(self, x: tf.Tensor) -> Gaussian:
        """Return q(z|x,y) for every y: (n_x, n) -> mean and variance of shape (n_z, k n).

        The input of the first layer is x concatenated with the transformed one-hot y. The part
        of the product that comes from x is the same for all components, and y only adds a bias.
        """
        weights, biases = self._weights("qz/0/weights"), self._weights("qz/0/biases")
        y = self._dense("qz/one_hot", self._one_hot)
        n_x = self.architecture.n_x
        from_x = _product(weights[:n_x], x, self._precision, transpose_a=True)
        from_y = tf.matmul(weights[n_x:], y, transpose_a=True) + biases
        h = _relu(as_columns(from_y[:, :, tf.newaxis] + from_x[:, tf.newaxis]))
        return self._gaussian("qz", h, range(1, len(self.architecture.qz_dims)), VARIANCE_FLOOR)

    def prior(self) -> Gaussian:
        """Return p(z|y) for every y: mean and variance of shape (n_z, k)."""
        n_layers = len(self.architecture.pz_dims)
        return self._gaussian("pz", self._one_hot, range(n_layers), VARIANCE_FLOOR)

    def decode(self, z: tf.Tensor) -> Gaussian:
        """Return p(x|z): (n_z, n) -> mean and variance of shape (n_x, n)."""
        a = self.architecture
        return self._gaussian("px", z, range(len(a.px_dims)), a.px_floor)

    def _gaussian(self, network: str, h: tf.Tensor, layers: range, floor: float) -> Gaussian:
        mean, variance = self._heads(network, self._hidden(network, h, layers))
        return Gaussian(mean, tf.nn.softplus(variance) + floor)

    def _heads(self, network: str, h: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        names = [f"{network}/mean", f"{network}/variance"]
        if self._weights(f"{names[0]}/biases").shape[0] > JOINT_HEADS:
            mean, variance = (self._dense(name, h) for name in names)
            return mean, variance
        weights, biases = (
            tf.concat([self._weights(f"{name}/{part}") for name in names], axis)
            for part, axis in (("weights", 1), ("biases", 0))
        )
        mean, variance = tf.split(self._affine(weights, biases, h), 2)
        return mean, variance

    def _hidden(self, network: str, h: tf.Tensor, layers: range) -> tf.Tensor:
        for layer in layers:
            h = _relu(self._dense(f"{network}/{layer}", h))
        return h

    def _dense(self, name: str, h: tf.Tensor) -> tf.Tensor:
        return self._affine(self._weights(f"{name}/weights"), self._weights(f"{name}/biases"), h)

    def _affine(self, weights: tf.Tensor, biases: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
        return _affine_in(self._precision)(weights, biases, h)


def softmax(logits: tf.Tensor) -> tf.Tensor:
    """Return q(y|x), which adds up to 1 over the components: (k, n) -> (k, n)."""
    # The same as `axis=0`, for which TensorFlow takes thirty operations: tracing them takes time.
    return tf.transpose(tf.nn.softmax(tf.transpose(logits)))


def log_softmax(logits: tf.Tensor) -> tf.Tensor:
    """Return log q(y|x): (k, n) -> (k, n)."""
    return tf.transpose(tf.nn.log_softmax(tf.transpose(logits)))


def as_columns(values: tf.Tensor) -> tf.Tensor:
    """Reshape (..., k, n) to (..., k n)."""
    return tf.reshape(values, [*values.shape[:-2], -1])


def by_component(columns: tf.Tensor, k: int) -> tf.Tensor:
    """Reshape (..., k n) to (..., k, n)."""
    n = -1 if columns.shape[-1] is None else columns.shape[-1] // k
    return tf.reshape(columns, [*columns.shape[:-1], k, n])


@tf.custom_gradient
def _relu(h: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    rectified = tf.nn.relu(h)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        # A product, because XLA does not vectorise a selection.
        return upstream * tf.minimum(rectified * 1e30, 1.0)

    return rectified, gradient


@lru_cache
def _affine_in(precision: str) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return the function W h + b: (n_in, n_out), (n_out, 1) and (n_in, n) -> (n_out, n)."""

    @tf.custom_gradient
    def affine(
        weights: tf.Tensor, biases: tf.Tensor, h: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
        # The gradient consists of matrix products only. XLA neither vectorises a sum over columns
        # or a product with a single row, nor reuses their operands.
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            one = tf.ones_like(h[:1])
            n_inputs = weights.shape[0]
            if n_inputs > FEW_INPUTS:
                d_weights = _product(h, upstream, precision, transpose_b=True)
                d_biases = tf.matmul(upstream, one, transpose_b=True)
                return d_weights, d_biases, _product(weights, upstream, precision)
            d_both = tf.matmul(upstream, tf.concat([h, one], 0), transpose_b=True)
            d_weights, d_biases = tf.split(d_both, [n_inputs, 1], axis=1)
            d_h = tf.matmul(tf.concat([weights, tf.transpose(biases)], 0), upstream)
            return tf.transpose(d_weights), d_biases, d_h[:-1]

        return _product(weights, h, precision, transpose_a=True) + biases, gradient

    return affine


def _product(a: tf.Tensor, b: tf.Tensor, precision: str, **transposed: bool) -> tf.Tensor:
    """Return the matrix product, computed in `precision` if the matrices are wide."""
    is_wide = min(a.shape[0] or WIDE, a.shape[1] or WIDE, b.shape[0] or WIDE) >= WIDE
    if not precision or precision == a.dtype.name or not is_wide:
        return tf.matmul(a, b, **transposed)
    low = [tf.cast(factor, precision) for factor in (a, b)]
    return tf.cast(tf.matmul(*low, **transposed), a.dtype)
