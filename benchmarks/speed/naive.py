"""Contestant: the loss as the paper writes it, in TensorFlow, without any optimisation.

Frames are rows, a Python loop runs over the components, and each training step is a separate call.

Usage: python naive.py SIZE
"""

import math
import sys
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from keras_fit import Perceptron, log_normal
from sizes import LR, R_NENT, chosen, frames
from tensorflow_threads import set_threads
from worker import serve


class GaussianMixtureVAE(keras.Model):
    def __init__(self, k, n_x, n_z, qy_dims, qz_dims, pz_dims, px_dims) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.k = k
        self.transform = layers.Dense(k)
        self.qy = Perceptron(qy_dims, (k,))
        self.qz = Perceptron(qz_dims, (n_z, n_z))
        self.pz = Perceptron(pz_dims, (n_z, n_z))
        self.px = Perceptron(px_dims, (n_x, n_x))

    def call(self, x):  # type: ignore[no-untyped-def]
        """Return the mean loss of the frames."""
        (logits,) = self.qy(x)
        q, log_q = tf.nn.softmax(logits), tf.nn.log_softmax(logits)
        loss = R_NENT * tf.reduce_sum(q * log_q, axis=1)
        for y in range(self.k):
            one_hot = tf.one_hot(tf.fill([tf.shape(x)[0]], y), self.k)
            mean, raw = self.qz(tf.concat([x, self.transform(one_hot)], axis=1))
            variance = tf.nn.softplus(raw) + 1e-5
            z = mean + tf.sqrt(variance) * tf.random.normal(tf.shape(mean))
            prior_mean, prior_raw = self.pz(one_hot)
            x_mean, x_raw = self.px(z)
            loss += q[:, y] * (
                -log_normal(x, x_mean, tf.nn.softplus(x_raw) + 1e-5)
                + log_normal(z, mean, variance)
                - log_normal(z, prior_mean, tf.nn.softplus(prior_raw) + 1e-5)
                + math.log(self.k)
            )
        return tf.reduce_mean(loss)


def make(size: str) -> Callable[[], int]:
    settings, batch_size, _ = chosen(size)
    x = frames(size)
    model = GaussianMixtureVAE(**settings)
    adam = keras.optimizers.Adam(LR)
    rng = np.random.default_rng(0)
    model(x[:batch_size])
    adam.build(model.trainable_variables)

    @tf.function
    def step(batch):  # type: ignore[no-untyped-def]
        with tf.GradientTape() as tape:
            loss = model(batch)
        gradients = tape.gradient(loss, model.trainable_variables)
        adam.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    def epoch() -> int:
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            step(tf.constant(x[order[start : start + batch_size]]))
        return len(x)

    return epoch


if __name__ == "__main__":
    set_threads()
    serve(make(sys.argv[1]))
