"""Compiled functions of a trained model, applied to chunks of frames (TensorFlow).

Chunks are padded to a few fixed lengths. TensorFlow then compiles each length only once, and the
result for a frame does not depend on the number of frames in the call. All results are computed in
full float32, on a GPU too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from . import losses
from .architecture import Architecture
from .devices import full_precision
from .draws import MOST_DRAWS
from .networks import Network, as_columns, by_component, softmax
from .quiet_tensorflow import tf

#: Shortest chunk. Longer ones have powers of two as lengths. If frames are so wide that `_SHORTEST`
#: of them take too much memory, all chunks have the same, smaller length.
_SHORTEST, _SHORTEST_OF_WIDE = 256, 16
#: Longest chunk, and bytes that it may take: on a CPU they stay in its caches, and on a GPU a long
#: chunk keeps all its cores at work.
_LIMITS = {"CPU": (8192, 2**25), "GPU": (131_072, 2**30)}
#: The same for the loss, with the bytes of the decoded frames and of the draws of noise: each frame
#: is decoded once for each component, which takes many times the memory of labelling it.
_LOSS_LIMITS = {"CPU": (4096, 2**23), "GPU": (65_536, 2**28)}


class Inference:
    """The functions of a trained model, applied to arrays of scaled frames.

    Parameters
    ----------
    architecture : Architecture
    flat : ndarray of shape (architecture.n_weights,), float32
        All weights.
    device : str
        From `devices.choose`.
    """

    def __init__(self, architecture: Architecture, flat: np.ndarray, device: str) -> None:
        self._architecture = architecture
        self._device = device
        with tf.device(device):
            self._flat = tf.constant(flat)

    @property
    def chunk_frames(self) -> int:
        """Number of frames to process at once, given the memory that a frame takes."""
        a = self._architecture
        longest, n_bytes = _LIMITS[self._device[:3]]
        widest = max(a.n_x, *a.qy_dims, *a.qz_dims, *a.px_dims) * a.k * 8
        return max(_SHORTEST_OF_WIDE, min(longest, _power_of_two(n_bytes // widest)))

    @property
    def loss_frames(self) -> int:
        """Number of frames whose loss to compute at once."""
        longest, n_bytes = _LOSS_LIMITS[self._device[:3]]
        a = self._architecture
        affordable = n_bytes // (4 * a.k * (a.n_x + MOST_DRAWS * a.n_z))
        return min(self.chunk_frames, longest, max(_SHORTEST, _power_of_two(affordable)))

    def assign(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return q(y|x) of shape (n, k) and the latent coordinates of shape (n, n_z)."""
        q, latent = self._run("assign", x)
        return q, latent

    def draw_latent(self, x: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Return sum_y q(y|x) z_y, where `noise` of shape (k, n, n_z) determines z_y."""
        return self._run("draw_latent", x, noise)[0]

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """Return sum_y q(y|x) * mean of p(x | z_y at its mean): shape (n, n_x)."""
        return self._run("reconstruct", x)[0]

    def draw_reconstruction(
        self, x: np.ndarray, noise: np.ndarray, noise_x: np.ndarray
    ) -> np.ndarray:
        """Return sum_y q(y|x) x_y; `noise` determines z_y, and `noise_x` the x_y ~ p(x|z_y)."""
        return self._run("draw_reconstruction", x, noise, noise_x)[0]

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Return q(y|x) of shape (n, k)."""
        return self._run("probabilities", x)[0]

    def membership_gradient(self, x: np.ndarray, members: np.ndarray) -> np.ndarray:
        """Return the gradient of log(sum of q(y|x) over the members): shape (n, n_x).

        `members` of shape (k,) is 1 for members and 0 for other components. Both must occur.
        """
        constants = (members.astype(np.float32),)
        return self._run("membership_gradient", x, constants=constants)[0]

    def loss(
        self, x: np.ndarray, noise: np.ndarray, r_nent: float, target: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the loss of each frame for each draw of noise: shape (n, n_draws), in nats.

        `noise` has the shape (n_draws, k, n, n_z). `target` contains the frames to decode.
        Default: `x`.
        """
        target = x if target is None else target
        constants = (np.float32(r_nent),)
        return self._run("loss", x, noise, target[np.newaxis], constants=constants)[0]

    def decode(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the variance of p(x|z), each of shape (n, n_x)."""
        mean, variance = self._run("decode", z)
        return mean, variance

    def prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the variance of p(z|y), each of shape (k, n_z)."""
        with tf.device(self._device), full_precision(self._device):
            mean, variance = Network(self._architecture, self._flat).prior()
        return mean.numpy().T, variance.numpy().T

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the variance of q(z|x,y), each of shape (k, n, n_z)."""
        mean, variance = self._run("encode", x)
        return np.swapaxes(mean, 0, 1), np.swapaxes(variance, 0, 1)

    def _run(
        self, name: str, x: np.ndarray, *noise: np.ndarray, constants: tuple[Any, ...] = ()
    ) -> tuple[np.ndarray, ...]:
        """Call the compiled function `name` on chunks of `x` (n, ...) and `noise` (..., n, ...)."""
        function = _compiled(name, self._architecture)
        with tf.device(self._device):
            scalars = [tf.constant(value) for value in constants]
        parts = []
        for start, stop, n_padded in _chunk_bounds(len(x), self.chunk_frames):
            pad = n_padded - (stop - start)
            frames = _padded(x[start:stop], pad)
            draws = [_padded(a[..., start:stop, :], pad) for a in noise]
            with tf.device(self._device), full_precision(self._device):
                tensors = [tf.constant(array, tf.float32) for array in (frames, *draws)]
                results = function(self._flat, *tensors, *scalars)
                parts.append([result.numpy()[: stop - start] for result in results])
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _padded(values: np.ndarray, n_added: int) -> np.ndarray:
    """Append zeros for more frames: the last axis but one."""
    if not n_added:
        return values
    return np.pad(values, [*[(0, 0)] * (values.ndim - 2), (0, n_added), (0, 0)])


def _chunk_bounds(n: int, chunk_frames: int) -> Iterator[tuple[int, int, int]]:
    """Yield the start, stop and padded length of each chunk; an empty chunk if n is 0."""
    for start in range(0, max(n, 1), chunk_frames):
        stop = min(start + chunk_frames, n)
        yield start, stop, min(chunk_frames, max(_SHORTEST, _power_of_two(stop - start)))


def _power_of_two(n: int) -> int:
    return 1 << max(n - 1, 1).bit_length()


def _assign(network: Network, x: tf.Tensor) -> Iterable[tf.Tensor]:
    q = softmax(network.logits(x))
    return q, losses.expectation(q, network.encode(x).mean)


def _draw_latent(network: Network, x: tf.Tensor, noise: tf.Tensor) -> Iterable[tf.Tensor]:
    q = softmax(network.logits(x))
    return (losses.expectation(q, losses.draw(network.encode(x), noise)),)


def _reconstruct(network: Network, x: tf.Tensor) -> Iterable[tf.Tensor]:
    q = softmax(network.logits(x))
    return (losses.expectation(q, network.decode(network.encode(x).mean).mean),)


def _draw_reconstruction(
    network: Network, x: tf.Tensor, noise: tf.Tensor, noise_x: tf.Tensor
) -> Iterable[tf.Tensor]:
    q = softmax(network.logits(x))
    drawn = losses.draw(network.decode(losses.draw(network.encode(x), noise)), noise_x)
    return (losses.expectation(q, drawn),)


def _probabilities(network: Network, x: tf.Tensor) -> Iterable[tf.Tensor]:
    return (softmax(network.logits(x)),)


def _membership_gradient(network: Network, x: tf.Tensor, members: tf.Tensor) -> Iterable[tf.Tensor]:
    members = members[:, tf.newaxis]
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = network.logits(x)
        inside, outside = (
            tf.reduce_logsumexp(tf.where(chosen, logits, logits.dtype.min), axis=0)
            for chosen in (members > 0, members <= 0)
        )
        # Computed from q / (1 - q), which loses no digits where q is close to 1.
        log_q = -tf.nn.softplus(outside - inside)
    return (tape.gradient(log_q, x),)


def _loss(
    network: Network, x: tf.Tensor, noise: tf.Tensor, target: tf.Tensor, r_nent: tf.Tensor
) -> Iterable[tf.Tensor]:
    # The frames are encoded once for all draws.
    logits, posterior = network.logits(x), network.encode(x)

    def of_draw(noise: tf.Tensor) -> tf.Tensor:
        terms = losses.loss_of_draw(network, logits, posterior, _as_columns(noise), target)
        return terms.total(r_nent, network.architecture.k)

    # One after the other: together they would not fit into the processor's cache.
    return (tf.map_fn(of_draw, noise, fn_output_signature=tf.float32, parallel_iterations=1),)


def _decode(network: Network, z: tf.Tensor) -> Iterable[tf.Tensor]:
    return network.decode(z)


def _encode(network: Network, x: tf.Tensor) -> Iterable[tf.Tensor]:
    return [by_component(part, network.architecture.k) for part in network.encode(x)]


#: The functions, and the shapes of their arguments after the network (see `_compiled`).
_FUNCTIONS: dict[str, tuple[Callable[..., Iterable[tf.Tensor]], tuple[str, ...]]] = {
    "assign": (_assign, ("x",)),
    "draw_latent": (_draw_latent, ("x", "k z")),
    "reconstruct": (_reconstruct, ("x",)),
    "draw_reconstruction": (_draw_reconstruction, ("x", "k z", "k x")),
    "probabilities": (_probabilities, ("x",)),
    "membership_gradient": (_membership_gradient, ("x", "k")),
    "loss": (_loss, ("x", "draws k z", "1 x", "")),
    "decode": (_decode, ("z",)),
    "encode": (_encode, ("x",)),
}


def _as_columns(value: tf.Tensor) -> tf.Tensor:
    """Turn (n, values) into (values, n) and (k, n, values) into (values, k n)."""
    if value.shape.rank == 3:
        return as_columns(tf.transpose(value, [2, 0, 1]))
    return tf.transpose(value) if value.shape.rank == 2 else value


@lru_cache(maxsize=64)
def _compiled(name: str, architecture: Architecture) -> Callable[..., Iterable[tf.Tensor]]:
    """Return the compiled function `name` of an architecture, for any number of frames."""
    function, arguments = _FUNCTIONS[name]
    a = architecture
    shapes = {
        "x": [None, a.n_x],
        "k": [a.k],
        "z": [None, a.n_z],
        "1 x": [1, None, a.n_x],
        "k x": [a.k, None, a.n_x],
        "k z": [a.k, None, a.n_z],
        "draws k z": [None, a.k, None, a.n_z],
        "": [],
    }

    @tf.function(autograph=False)
    def compiled(flat: tf.Tensor, *values: tf.Tensor) -> Iterable[tf.Tensor]:
        # The networks expect one frame per column.
        results = function(Network(a, flat), *[_as_columns(value) for value in values])
        return [tf.transpose(result) for result in results]

    specs = [tf.TensorSpec(shapes[argument], tf.float32) for argument in arguments]
    return compiled.get_concrete_function(tf.TensorSpec([a.n_weights], tf.float32), *specs)
