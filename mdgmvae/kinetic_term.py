"""The kinetic term of the loss: VAMP-2 of the soft assignments q(y|x) (TensorFlow).

With q_0 = q(y|x_t), q_1 = q(y|x_{t+lag}) and the averages over pairs

    C_00 = <q_0 q_0^T>,   C_01 = <q_0 q_1^T>,   C_11 = <q_1 q_1^T>

VAMP-2 is the squared Frobenius norm of C_00^{-1/2} C_01 C_11^{-1/2} (Wu & Noé, J. Nonlinear
Sci. 30, 23 (2020); Mardt et al., Nat. Commun. 9, 5 (2018)). The q of a frame add up to 1, so
one singular value is 1 and the score lies between 1 and k.

Estimated from one small batch of n pairs it is too high by about (k - 1)^2 / n and hardly sees
a state rarer than 1 / n: it would reward noise. So the covariances are those of many more pairs
than a batch (`soft_covariances.pairs_of_step`), and the batch enters the gradient linearly, through
d VAMP-2 / d C at those covariances. They are taken with the weights of this step: averages over
steps that are past lag behind, and a slope of VAMP-2 that lags behind draws the components
together until one is left.

Two levels are scored: the components, and, once the training has settled, the metastable states
that they are lumped into. Between components of one metastable state the density decides; none
of them may lie across the border of two.

A ridge of about one frame's share on the diagonals of C_00 and C_11 keeps an empty component
from having an inverse, and a component of one or two frames, which is slow by chance, from
counting as a state.
"""

import tensorflow as tf


def covariances(q0: tf.Tensor, q1: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """C_00, C_01 and C_11 over pairs with weight 1: (n, k), (n, k), (n,) -> (3, k, k)."""
    weighted = q0 * weights[:, tf.newaxis]
    n = tf.maximum(tf.reduce_sum(weights), 1.0)
    return tf.stack(
        [
            tf.matmul(weighted, q0, transpose_a=True) / n,
            tf.matmul(weighted, q1, transpose_a=True) / n,
            tf.matmul(q1 * weights[:, tf.newaxis], q1, transpose_a=True) / n,
        ]
    )


def grouped(c: tf.Tensor, groups: tf.Tensor) -> tf.Tensor:
    """Covariances (3, k, k) of components as those of the metastable states they belong to."""
    return tf.transpose(groups) @ c @ groups


def vamp2(c: tf.Tensor, ridge: tf.Tensor) -> tf.Tensor:
    """VAMP-2 of covariances (3, k, k)."""
    c = tf.cast(c, tf.float64)
    p, q = _inverses(c, ridge)
    return tf.linalg.trace(p @ c[1] @ q @ tf.transpose(c[1]))


def surrogate(batch: tf.Tensor, many: tf.Tensor, ridge: tf.Tensor) -> tf.Tensor:
    """A number whose gradient is that of VAMP-2 at covariances of many pairs, along the batch's."""
    # In double precision: components that are hardly told apart yet make C nearly singular.
    c = tf.cast(many, tf.float64)
    p, q = _inverses(c, ridge)
    left = p @ c[1] @ q
    by_c01 = 2.0 * left
    by_c00 = -left @ tf.transpose(c[1]) @ p
    by_c11 = -q @ tf.transpose(c[1]) @ left
    slopes = tf.stop_gradient(tf.cast(tf.stack([by_c00, by_c01, by_c11]), many.dtype))
    return tf.reduce_sum(slopes * batch)


def _inverses(c: tf.Tensor, ridge: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    diagonal = tf.cast(ridge, c.dtype) * tf.eye(c.shape[-1], dtype=c.dtype)
    # To invert what is not finite would end the process of training with an error of
    # TensorFlow's; the loss of such a step is not finite either, and ends it as it should.
    c = tf.where(tf.math.is_finite(c), c, 0.0)
    return tf.linalg.inv(c[0] + diagonal), tf.linalg.inv(c[2] + diagonal)
