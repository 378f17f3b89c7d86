"""Errors and warnings of mdgmvae.

A message names the file, frame or option that is wrong and says what to do.
"""


class MDGMVAEError(Exception):
    """Base class of the errors about input and training.

    Catch it to handle any of them.
    """


class InputError(MDGMVAEError, ValueError):
    """Raised when a file, selection, option or array from the user is invalid.

    Examples
    --------
    >>> from mdgmvae.errors import InputError
    >>> issubclass(InputError, ValueError)
    True
    """


class AtomMismatchError(InputError):
    """Raised when the atoms differ from those of a trained model or of a feature file."""


class TopologyWarning(UserWarning):
    """Issued when a topology does not seem to belong to the trajectory."""


class TrainingError(MDGMVAEError, RuntimeError):
    """Raised when training cannot continue, for example if the loss is no longer finite."""
