"""The option `on_bad_frames`: what to do with frames that cannot be used."""

from ..errors import InputError

ERROR, SKIP = "error", "skip"
#: Values of the option.
CHOICES = (ERROR, SKIP)


def skips(on_bad_frames: str) -> bool:
    """Return whether bad frames are left out.

    Parameters
    ----------
    on_bad_frames : {'error', 'skip'}

    Raises
    ------
    InputError
        If it is neither.
    """
    if on_bad_frames not in CHOICES:
        raise InputError(
            f"on_bad_frames={on_bad_frames!r}: choose 'error', or 'skip' to leave bad frames out"
        )
    return on_bad_frames == SKIP
