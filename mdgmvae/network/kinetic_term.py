"""The kinetic term of the loss: VAMP-2 of the soft assignments q(y|x) (TensorFlow).

With q_0 = q(y|x_t), q_1 = q(y|x_{t+lag}) and averages over pairs of frames

    C_00 = <q_0 q_0^T>,   C_01 = <q_0 q_1^T>,   C_11 = <q_1 q_1^T>

VAMP-2 is the squared Frobenius norm of C_00^{-1/2} C_01 C_11^{-1/2} (Wu & Noé, J. Nonlinear
Sci. 30, 23 (2020); Mardt et al., Nat. Commun. 9, 5 (2018)). The elements of q add up to 1, so one
singular value is 1 and the score lies between 1 and k.

An estimate from a batch of n pairs is too high by about (k - 1)^2 / n, and rarely contains a state
with a population below 1 / n. Maximising it would reward noise. The derivative d VAMP-2 / d C is
therefore evaluated at the covariances of many more pairs (`lagged_pairs.pairs_of_step`), and the
covariances of the batch enter only linearly, multiplied by it. All are computed with the current
weights. Running averages would lag behind the weights, and the outdated gradient would merge all
components into one.

Two scores are added: that of the components and, later in the training, that of the states into
which they are lumped. The score of the states keeps components from spanning two states; how a
state is divided into components is left to the density.

A ridge on the diagonals of C_00 and C_11, about the population of one frame, keeps the inverses
finite when a component is empty. It also keeps a component of one or two frames, which can look
slow by chance, from scoring like a state.
"""

from .quiet_tensorflow import tf


def covariances(
    q0: tf.Tensor, q1: tf.Tensor, weights: tf.Tensor, n_pairs: tf.Tensor | None = None
) -> tf.Tensor:
    """Return C_00, C_01 and C_11 of the pairs with weight 1, stacked: shape (3, k, k).

    Parameters
    ----------
    q0, q1 : tensor of shape (k, n)
        Assignment probabilities of the earlier and the later frame of each pair.
    weights : tensor of shape (n,)
        1 for a pair, 0 for a column to ignore.
    n_pairs : scalar, optional
        Number of pairs to divide by, if the columns are only part of a batch. Default: the sum
        of the weights.
    """
    n = tf.maximum(tf.reduce_sum(weights) if n_pairs is None else n_pairs, 1.0)
    early, late = q0 * weights, q1 * weights
    return tf.stack(
        [
            tf.matmul(early, q0, transpose_b=True) / n,
            tf.matmul(early, q1, transpose_b=True) / n,
            tf.matmul(late, q1, transpose_b=True) / n,
        ]
    )


def grouped(c: tf.Tensor, groups: tf.Tensor) -> tf.Tensor:
    """Return the covariances (3, k, k) of states, given the state of each component."""
    return tf.matmul(groups, c @ groups, transpose_a=True)


def vamp2(c: tf.Tensor, ridge: tf.Tensor) -> tf.Tensor:
    """Return the VAMP-2 score of covariances (3, k, k)."""
    c = tf.cast(c, tf.float64)
    p, q = _inverses(c, ridge)
    return tf.linalg.trace(p @ c[1] @ q @ tf.transpose(c[1]))


def surrogate(batch: tf.Tensor, reference: tf.Tensor, ridge: tf.Tensor) -> tf.Tensor:
    """Return a number whose gradient is that of VAMP-2 at the reference covariances.

    Parameters
    ----------
    batch : tensor of shape (..., 3, k, k)
        Covariances of the batch; the gradient flows through them.
    reference : tensor of shape (..., 3, k, k)
        Covariances of many pairs, at which d VAMP-2 / d C is evaluated. No gradient flows
        through them.
    ridge : scalar
    """
    # Double precision, because C is nearly singular while the components hardly differ.
    c = tf.cast(reference, tf.float64)
    p, q = _inverses(c, ridge)
    c01 = c[..., 1, :, :]
    left = p @ c01 @ q
    d_c01 = 2.0 * left
    d_c00 = -tf.matmul(left, c01, transpose_b=True) @ p
    d_c11 = -tf.matmul(q, c01, transpose_b=True) @ left
    gradients = tf.stack([d_c00, d_c01, d_c11], axis=-3)
    gradients = tf.stop_gradient(tf.cast(gradients, reference.dtype))
    return tf.reduce_sum(gradients * batch, axis=[-3, -2, -1])


def _inverses(c: tf.Tensor, ridge: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    # Values that are not finite already make the loss non-finite, which ends the restart. Here
    # they would only spread to the other elements.
    c = tf.where(tf.math.is_finite(c), c, 0.0)
    c00_and_c11 = tf.stack([c[..., 0, :, :], c[..., 2, :, :]])
    diagonal = tf.cast(ridge, c.dtype) * tf.eye(c.shape[-1], dtype=c.dtype)
    p, q = tf.unstack(inverse(c00_and_c11 + diagonal))
    return p, q


def inverse(c: tf.Tensor) -> tf.Tensor:
    """Return the inverse of symmetric positive definite matrices, by the sweep operator.

    Goodnight, Am. Stat. 33, 149 (1979). XLA takes minutes to compile `tf.linalg.inv` and 15 s to
    compile a Cholesky factorisation; this takes half a second.
    """
    k = c.shape[-1]

    def sweep(i: tf.Tensor, c: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        at = tf.one_hot(i, k, dtype=c.dtype)
        column = tf.linalg.matvec(c, at)
        pivot = tf.reduce_sum(column * at, axis=-1, keepdims=True)
        edge = (column * (1.0 - at) / pivot)[..., tf.newaxis]
        corner = (at / pivot)[..., tf.newaxis] * at
        rest = c - column[..., tf.newaxis] * column[..., tf.newaxis, :] / pivot[..., tf.newaxis]
        rest = rest * (1.0 - at) * (1.0 - at[:, tf.newaxis])
        return i + 1, rest + edge * at + tf.linalg.matrix_transpose(edge * at) - corner

    return -tf.while_loop(lambda i, _: i < k, sweep, (0, c))[1]
