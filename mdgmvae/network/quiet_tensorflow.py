"""TensorFlow, imported without its notes on standard error. All other modules take it from here."""

from .native_messages import native_messages_logged

with native_messages_logged():
    import tensorflow as tf

__all__ = ["tf"]
