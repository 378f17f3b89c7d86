"""Check the compressed coordinates of XTC frames before they are decoded.

Decoders trust the stream of bits: a single flipped bit moves all that follows, and can make them
write beyond their arrays. Here the lengths of the numbers are followed through the stream, but the
numbers are not decoded. The stream of an intact frame ends after its last atom, in its last byte.
Many frames are followed at once, step by step.
"""

import numpy as np

from .xtc import HEAD, LARGEST_INDEX, SMALL, SMALLEST_INDEX

#: Frames with more atoms are not checked: too few of them fit into memory at once.
MOST_ATOMS = 300_000
# An entry of the table says how a step ends: its bits, its atoms, and the next state.
_STATE_BITS, _ATOM_BITS = 17, 4
_STATE_MASK, _ATOM_MASK = 2**_STATE_BITS - 1, 2**_ATOM_BITS - 1
# A state is the length of the run and the index of its size, followed by room for six bits.
_INDICES, _WINDOWS, _LONGEST_RUN = 128, 64, 10
_DATA = HEAD + 36
_LARGE = 0xFFFFFF


def _table() -> np.ndarray:
    """Return the table of steps, int32.

    A step is an atom with full coordinates, a bit that says whether the length of the run changes,
    five bits with the new length and the change of the index if it does, and the run itself: atoms
    near the one before them.
    """
    run, index, window = np.ogrid[: _LONGEST_RUN + 1, :_INDICES, :_WINDOWS]
    changes = window >= _WINDOWS // 2
    code = window % (_WINDOWS // 2)
    new_run = np.where(changes, code // 3, run)
    new_index = np.clip(np.where(changes, index + code % 3 - 1, index), 0, _INDICES - 1)
    bits = np.where(changes, 6, 1) + new_run * index
    state = (new_run * _INDICES + new_index) * _WINDOWS
    right = ((bits << _ATOM_BITS) | (1 + new_run)) << _STATE_BITS | state
    # A wrong index stays, and leads to the end of the frame.
    wrong = ((_LONGEST_RUN + 1) << _STATE_BITS) | (index * _WINDOWS)
    return np.where(_is_index(index), right, wrong).astype(np.int32).ravel()


def _is_index(index: np.ndarray) -> np.ndarray:
    return (index >= SMALLEST_INDEX) & (index <= LARGEST_INDEX)


_STEPS = _table()


def damaged_streams(raw: bytes, begins: np.ndarray) -> np.ndarray:
    """Find the frames whose compressed coordinates cannot be decoded.

    Parameters
    ----------
    raw : bytes
        Frames whose headers have been checked. They have the same number of atoms.
    begins : numpy.ndarray
        Index of the first byte of each frame, (n,) int64.

    Returns
    -------
    numpy.ndarray
        Whether each frame is damaged, (n,) bool.
    """
    data = np.frombuffer(raw, np.uint8)
    n_atoms = int.from_bytes(raw[4:8], "big")
    if n_atoms <= SMALL or n_atoms > MOST_ATOMS:
        return np.zeros(len(begins), bool)
    header = data[begins[:, None] + np.arange(_DATA)].view(">i4").astype(np.int64)
    low, high, index, n_bytes = header[:, 15:18], header[:, 18:21], header[:, 21], header[:, 22]
    first = (begins + _DATA) * 8
    ends, whole = _follow(data, first, _bits(high - low + 1), index, n_atoms)
    used = (ends - first + 7) // 8
    damaged: np.ndarray = (used != n_bytes) | ~whole
    return damaged


def _follow(
    data: np.ndarray, first: np.ndarray, full: np.ndarray, index: np.ndarray, n_atoms: int
) -> tuple[np.ndarray, np.ndarray]:
    """Follow streams from their first bit to the end of the last atom.

    Returns
    -------
    ends : numpy.ndarray
        Bit after the last one, (n,) int64.
    whole : numpy.ndarray
        Whether the atoms end there, and all indices were right, (n,) bool.
    """
    # Two bytes from each byte on, because six bits may begin in one and end in the next.
    pairs = np.multiply(data, 256, dtype=np.uint16)
    pairs[:-1] |= data[1:]
    ends, whole = np.zeros(len(first), np.int64), np.zeros(len(first), bool)
    full = full.astype(np.int32)
    which: np.ndarray = np.arange(len(first))
    at: np.ndarray = first.astype(np.int32) + full
    state: np.ndarray = (index * _WINDOWS).astype(np.int32)
    atoms: np.ndarray = np.zeros(len(first), np.int32)
    while len(which):
        byte, shift, step = np.empty_like(at), np.empty_like(at), np.empty_like(at)
        window = np.empty(len(at), np.uint16)
        # No frame can end before so many steps.
        for _ in range(max(1, (n_atoms - int(atoms.max())) // (_LONGEST_RUN + 1))):
            np.right_shift(at, 3, out=byte)
            pairs.take(byte, out=window, mode="clip")
            np.bitwise_and(at, 7, out=shift)
            np.left_shift(window, shift, out=window, dtype=np.uint16, casting="unsafe")
            np.right_shift(window, 10, out=window)
            state += window
            _STEPS.take(state, out=step, mode="clip")
            np.bitwise_and(step, _STATE_MASK, out=state)
            np.right_shift(step, _STATE_BITS, out=step)
            np.bitwise_and(step, _ATOM_MASK, out=byte)
            atoms += byte
            np.right_shift(step, _ATOM_BITS, out=step)
            at += step
            at += full
        done = atoms >= n_atoms
        if done.any():
            ended = which[done]
            ends[ended] = at[done] - full[done]
            whole[ended] = _is_index(state[done] // _WINDOWS % _INDICES) & (atoms[done] == n_atoms)
            which, at, full, state, atoms = (
                values[~done] for values in (which, at, full, state, atoms)
            )
    return ends, whole


def _bits(sizes: np.ndarray) -> np.ndarray:
    """Return the number of bits of three coordinates in ranges of given sizes, (n, 3)."""
    first, second, third = sizes.T
    low = (first * second & _LARGE) * third
    high = (first * second >> 24) * third + (low >> 24)
    together = np.where(high > 0, 24 + _length(high), _length(low))
    apart = _length(first) + _length(second) + _length(third)
    return np.where((sizes > _LARGE).any(axis=1), apart, together)


def _length(numbers: np.ndarray) -> np.ndarray:
    """Return the number of binary digits of numbers below 2**53."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)
