"""TensorFlow, imported without Keras and its notes on standard error, with a cache for XLA.

All other modules take it from here.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from .native_messages import native_messages_logged
from .xla_cache import enable_xla_cache

_LEGACY = "TF_USE_LEGACY_KERAS"


@contextmanager
def _keras_left_out() -> Iterator[None]:
    """Keep TensorFlow from importing Keras, which it does not need and which takes a third of it.

    TensorFlow imports the optimizers of Keras at its end, or those of the older tf_keras where that
    is asked for, and goes on without them if it is not installed. `tf.keras` is unaffected: it is
    imported when it is first used.
    """
    if _LEGACY in os.environ or find_spec("tf_keras") is not None:
        yield
        return
    os.environ[_LEGACY] = "1"
    try:
        yield
    finally:
        del os.environ[_LEGACY]


enable_xla_cache()
with native_messages_logged(), _keras_left_out():
    import tensorflow as tf

__all__ = ["tf"]
