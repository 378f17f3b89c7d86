"""The threads of a contestant that uses TensorFlow."""

import tensorflow as tf
from worker import n_threads


def set_threads() -> None:
    """As many as a contestant may use.

    TensorFlow's environment variables would do, but who then asks it for its threads (as the
    engine does) is told 0.
    """
    tf.config.threading.set_intra_op_parallelism_threads(n_threads())
    tf.config.threading.set_inter_op_parallelism_threads(1)
