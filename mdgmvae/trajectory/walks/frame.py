"""What all walks have in common: a frame, and the faults of a file."""

from typing import IO, NamedTuple


class Frame(NamedTuple):
    """Where a frame begins and ends in its file, in bytes, and its number of atoms.

    The end is 0 in formats whose walk has read the frame to its end.
    """

    begin: int
    end: int
    n_atoms: int


class Damaged(Exception):
    """Raised if a frame is damaged. The message describes the damage.

    Parameters
    ----------
    message : str
        Completes a sentence that begins with "frame 3 ".
    frame : int, optional
        Number of the frame, if it is not the one that follows the last frame of the walk.
    """

    def __init__(self, message: str, frame: int | None = None) -> None:
        super().__init__(message)
        self.frame = frame


class Truncated(Damaged):
    """Raised if the file ends within the current frame."""

    def __init__(self, size: int) -> None:
        super().__init__(f"ends early (file cut at byte {size:,})")


def read_at(stream: IO[bytes], offset: int, n_bytes: int) -> bytes:
    """Read up to `n_bytes` from `offset` on."""
    stream.seek(offset)
    return stream.read(n_bytes)


def check_text(line: bytes, offset: int) -> None:
    """Raise an error if a line is no text, which readers decode as UTF-8."""
    if line.isascii() and b"\0" not in line:
        return
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        raise Damaged(f"contains binary data (near byte {offset:,})") from None
    if b"\0" in line:
        raise Damaged(f"contains binary data (near byte {offset:,})")


def no_header(offset: int, kind: str) -> Damaged:
    """Return the error for a frame that does not begin as it has to."""
    return Damaged(f"does not begin with the header of {kind} frame (at byte {offset:,})")


def bad_header(offset: int) -> Damaged:
    """Return the error for a frame whose header cannot be right."""
    return Damaged(f"has a damaged header (at byte {offset:,})")
