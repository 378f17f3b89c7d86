"""The rows of a feature matrix, in memory or on disk, read in bounded pieces.

A file that fits into the buffer is shuffled as a whole. A larger one is read in strips of
neighbouring rows, in random order; the strips that fill the buffer are shuffled together.
Reading goes through the file, not through a memory map: the pages of a map count as the
process's own memory and grow with the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from .errors import InputError
from .storage import FeatureSet

#: Bytes of rows that are held in memory at a time.
BUFFER_BYTES = 64 * 2**20
#: Bytes that are handed on at a time (a block of training steps, a chunk for inference).
BLOCK_BYTES = 4 * 2**20


class Rows:
    """Random and sequential access to the rows of a feature matrix.

    Parameters
    ----------
    data : ndarray of shape (n_rows, n_columns), or path of a .npy file
    buffer_bytes : int
        How much of a file may be held in memory.

    Raises
    ------
    InputError
        When the file cannot be used, naming it and what to do.

    Examples
    --------
    >>> rows = Rows(np.arange(6.0).reshape(3, 2))
    >>> len(rows), rows.n_columns, rows.read(1, 2)
    (3, 2, array([[2., 3.]], dtype=float32))
    """

    def __init__(
        self, data: np.ndarray | str | os.PathLike, buffer_bytes: int = BUFFER_BYTES
    ) -> None:
        self.name = "X"
        self.lengths: tuple[int, ...] | None = None
        self._values: np.ndarray
        self._offset: int | None = None
        if isinstance(data, str | os.PathLike):
            features = FeatureSet.load(data)
            self.name, self.lengths, self._values = str(data), features.lengths, features.values
            if self._values.flags.c_contiguous:
                self._offset = self._values.offset  # type: ignore[attr-defined]
        else:
            self._values = data
        self._buffer_bytes = buffer_bytes

    def __len__(self) -> int:
        return int(self._values.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of features."""
        return int(self._values.shape[1])

    @property
    def on_disk(self) -> bool:
        """Whether the rows are read from a file that exceeds the buffer."""
        is_file = isinstance(self._values, np.memmap)
        return is_file and len(self) * self.n_columns * 4 > self._buffer_bytes

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows start..stop - 1 as float32."""
        if self._offset is None:
            return np.asarray(self._values[start:stop], np.float32)
        dtype, n_columns = self._values.dtype, self.n_columns
        stop = min(stop, len(self))
        values = np.fromfile(
            self.name,
            dtype,
            count=(stop - start) * n_columns,
            offset=self._offset + start * n_columns * dtype.itemsize,
        )
        return values.reshape(-1, n_columns).astype(np.float32, copy=False)

    def chunks(self, n_rows: int | None = None) -> Iterator[np.ndarray]:
        """All rows in order, `n_rows` at a time."""
        n_rows = n_rows or self.block_rows(1)
        for start in range(0, len(self), n_rows):
            yield self.read(start, start + n_rows)

    def block_rows(self, batch_size: int) -> int:
        """Rows of a block of `BLOCK_BYTES`: a whole number of batches, at least one."""
        return batch_size * max(1, BLOCK_BYTES // (4 * self.n_columns * batch_size))

    def shuffled(
        self, rng: np.random.Generator, batch_size: int, keep: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        """All rows in a new random order, in blocks of whole batches (the last may be short).

        Parameters
        ----------
        rng : numpy.random.Generator
        batch_size : int
        keep : ndarray of bool, optional
            Only these rows.
        """
        block = self.block_rows(batch_size)
        rest = np.empty((0, self.n_columns), np.float32)
        for buffer, order in self._buffers(rng, keep):
            # What does not fill a batch goes on with the next buffer.
            n_whole = (len(rest) + len(order)) // batch_size * batch_size - len(rest)
            start = 0
            while start < n_whole:
                stop = min(start + block - len(rest), n_whole)
                rows = buffer[order[start:stop]]
                yield np.concatenate([rest, rows]) if len(rest) else rows
                start, rest = stop, rest[:0]
            rest = np.concatenate([rest, buffer[order[max(n_whole, 0) :]]])
        if len(rest):
            yield rest

    def _buffers(
        self, rng: np.random.Generator, keep: np.ndarray | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs of rows in memory and the random order in which to take them.

        The memory is used again for the next pair.
        """
        if not self.on_disk:
            if self._offset is not None:
                self._values, self._offset = self.read(0, len(self)), None
            chosen = np.arange(len(self)) if keep is None else np.flatnonzero(keep)
            yield self._values, rng.permutation(chosen)
            return
        row_bytes = 4 * self.n_columns
        # Strips of a quarter megabyte: long enough to read fast, many enough to mix.
        strip = max(1, 2**18 // row_bytes)
        per_buffer = max(1, self._buffer_bytes // (strip * row_bytes))
        starts = rng.permutation(np.arange(0, len(self), strip))
        # One for all: a new one each time would stand beside the one before it.
        buffer = np.empty((min(per_buffer, len(starts)) * strip, self.n_columns), np.float32)
        for first in range(0, len(starts), per_buffer):
            taken = np.sort(starts[first : first + per_buffer])
            n_filled = 0
            for start in taken:
                rows = self.read(start, start + strip)
                buffer[n_filled : n_filled + len(rows)] = rows
                n_filled += len(rows)
            order = np.arange(n_filled)
            if keep is not None:
                order = order[np.concatenate([keep[s : s + strip] for s in taken])]
            yield buffer, rng.permutation(order)

    def check_finite(self) -> None:
        """Raise `InputError` that names the first row and column that is not a finite number."""
        done = 0
        for chunk in self.chunks():
            bad = ~np.isfinite(chunk)
            if bad.any():
                row, column = np.argwhere(bad)[0]
                raise InputError(
                    f"{self.name}: row {done + row}, column {column} is {chunk[row, column]}, not "
                    f"a finite number ({int(bad.any(axis=1).sum())} such rows among "
                    f"{done + len(chunk)} read); leave these frames out or mend the feature"
                )
            done += len(chunk)
