"""The errors of mdgmvae: sentences for the person who has to act.

An error names the file, the frame or the option that is wrong and says what to do.
"""


class MDGMVAEError(Exception):
    """Base class of every error that mdgmvae raises on purpose."""


class InputError(MDGMVAEError, ValueError):
    """Something the user gave (a file, a selection, an option) cannot be used.

    Examples
    --------
    >>> from mdgmvae.errors import InputError
    >>> issubclass(InputError, ValueError)
    True
    """


class AtomMismatchError(InputError):
    """The atoms given are not the atoms that a model or a feature file was made from."""


class TopologyWarning(UserWarning):
    """The topology does not seem to belong to the trajectory."""


class TrainingError(MDGMVAEError, RuntimeError):
    """Training cannot go on; the message says what to change."""
