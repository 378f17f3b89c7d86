"""Contestant: the same model as a Keras model, trained by the standard `fit`.

Usage: python keras_fit.py SIZE
"""

import math
import sys
from collections.abc import Callable

import keras
from keras import layers, ops
from sizes import LR, R_NENT, chosen, frames
from tensorflow_threads import set_threads
from worker import serve


class Perceptron(layers.Layer):
    def __init__(self, widths: tuple[int, ...], heads: tuple[int, ...]) -> None:
        super().__init__()
        self.hidden = [layers.Dense(width, activation="relu") for width in widths]
        self.heads = [layers.Dense(width) for width in heads]

    def call(self, h):  # type: ignore[no-untyped-def]
        for layer in self.hidden:
            h = layer(h)
        return [head(h) for head in self.heads]


def log_normal(x, mean, variance):  # type: ignore[no-untyped-def]
    return -0.5 * ops.sum(
        math.log(2 * math.pi) + ops.log(variance) + ops.square(x - mean) / variance, axis=-1
    )


class GaussianMixtureVAE(keras.Model):
    """The model, with all components in one batch of k x n rows."""

    def __init__(self, k, n_x, n_z, qy_dims, qz_dims, pz_dims, px_dims) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.k, self.n_x, self.n_z = k, n_x, n_z
        self.transform = layers.Dense(k)
        self.qy = Perceptron(qy_dims, (k,))
        self.qz = Perceptron(qz_dims, (n_z, n_z))
        self.pz = Perceptron(pz_dims, (n_z, n_z))
        self.px = Perceptron(px_dims, (n_x, n_x))
        self.noise = keras.random.SeedGenerator(0)

    def call(self, x):  # type: ignore[no-untyped-def]
        n = ops.shape(x)[0]
        one_hot = ops.repeat(ops.eye(self.k), n, axis=0)
        tiled = ops.tile(x, (self.k, 1))
        (logits,) = self.qy(x)
        mean, raw = self.qz(ops.concatenate([tiled, self.transform(one_hot)], axis=-1))
        variance = ops.softplus(raw) + 1e-5
        drawn = keras.random.normal((n * self.k, self.n_z), seed=self.noise)
        z = mean + ops.sqrt(variance) * drawn
        prior_mean, raw = self.pz(one_hot)
        prior_variance = ops.softplus(raw) + 1e-5
        x_mean, raw = self.px(z)
        x_variance = ops.softplus(raw) + 1e-5
        of_component = (
            -log_normal(tiled, x_mean, x_variance)
            + log_normal(z, mean, variance)
            - log_normal(z, prior_mean, prior_variance)
            + math.log(self.k)
        )
        of_component = ops.transpose(ops.reshape(of_component, (self.k, n)))
        q, log_q = ops.softmax(logits), ops.log_softmax(logits)
        self.add_loss(ops.mean(ops.sum(R_NENT * q * log_q + q * of_component, axis=-1)))
        return logits


def make(size: str) -> Callable[[], int]:
    settings, batch_size, _ = chosen(size)
    x = frames(size)
    model = GaussianMixtureVAE(**settings)
    model.compile(optimizer=keras.optimizers.Adam(LR))

    def epoch() -> int:
        model.fit(x, batch_size=batch_size, epochs=1, verbose=0)
        return len(x)

    return epoch


if __name__ == "__main__":
    set_threads()
    serve(make(sys.argv[1]))
