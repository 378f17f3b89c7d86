"""Set the threads of a contestant that uses TensorFlow."""

import tensorflow as tf
from worker import n_threads


def set_threads() -> None:
    """Let TensorFlow use the threads of a contestant.

    TensorFlow's environment variables would have the same effect. But TensorFlow would then report
    0 threads to the engine, which asks for their number.
    """
    tf.config.threading.set_intra_op_parallelism_threads(n_threads())
    tf.config.threading.set_inter_op_parallelism_threads(1)
