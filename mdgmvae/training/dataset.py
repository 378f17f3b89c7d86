"""The rows of a feature matrix, in memory or on disk, read in bounded pieces.

A file that fits into half of the memory that may be used is shuffled as a whole. A larger one is
read in strips of neighbouring rows, in random order; the strips that fill a buffer are shuffled
together, and the next buffer is filled meanwhile. Reading goes through the file, not through a
memory map: the pages of a map count as the process's own memory and grow with the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np

from ..checks import DEFAULT_MEMORY
from ..errors import InputError
from ..storage.features import FeatureSet
from .prefetch import one_ahead

#: Share of the memory that a file and its scaled rows may each take, if they are held in it.
HELD = 1 / 2
#: Share of each of the two buffers of a larger file.
BUFFER = 1 / 8
#: Bytes that are handed on at a time (a block of training steps, a chunk for inference).
BLOCK_BYTES = 4 * 2**20
#: Bytes that a block may have where more rows are wanted than those.
WIDE_BLOCK_BYTES = 16 * BLOCK_BYTES


class Rows:
    """Random and sequential access to the rows of a feature matrix.

    Parameters
    ----------
    data : ndarray of shape (n_rows, n_columns), or path of a .npy file
    max_memory : int
        Bytes that rows may take in memory.

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
        self, data: np.ndarray | str | os.PathLike, max_memory: int = DEFAULT_MEMORY
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
        self.max_memory = max_memory

    def __len__(self) -> int:
        return int(self._values.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of features."""
        return int(self._values.shape[1])

    @property
    def on_disk(self) -> bool:
        """Whether the rows are read from a file again and again."""
        return isinstance(self._values, np.memmap) and not self.may_be_held(self.n_columns)

    def may_be_held(self, n_columns: int) -> bool:
        """Whether so many columns of all rows may be held in memory."""
        return 4 * len(self) * n_columns <= HELD * self.max_memory

    @property
    def held(self) -> np.ndarray | None:
        """All rows, where they are an array in memory."""
        return None if isinstance(self._values, np.memmap) else self._values

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows start..stop - 1 as float32."""
        if self._offset is None:
            return np.asarray(self._values[start:stop], np.float32)
        dtype, n_columns = self._values.dtype, self.n_columns
        stop = min(stop, len(self))
        try:
            values = np.fromfile(
                self.name,
                dtype,
                count=(stop - start) * n_columns,
                offset=self._offset + start * n_columns * dtype.itemsize,
            )
        except OSError as error:
            raise InputError(
                f"{self.name}: can no longer be read ({error.strerror or error}); leave it where "
                "it is until the command or fit has ended"
            ) from error
        if len(values) != (stop - start) * n_columns:
            raise InputError(
                f"{self.name}: has become shorter since it was opened; compute it again, and leave "
                "it alone until the command or fit has ended"
            )
        return values.reshape(-1, n_columns).astype(np.float32, copy=False)

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """Rows of these numbers, in their order, as float32."""
        if not isinstance(self._values, np.memmap):
            return np.asarray(self._values[numbers], np.float32)
        found = np.empty((len(numbers), self.n_columns), np.float32)
        for place, number in enumerate(numbers.tolist()):
            found[place] = self.read(number, number + 1)[0]
        return found

    def chunks(self, n_rows: int | None = None) -> Iterator[np.ndarray]:
        """All rows in order, `n_rows` at a time."""
        n_rows = n_rows or self.block_rows(1)
        chunks = (self.read(start, start + n_rows) for start in range(0, len(self), n_rows))
        return one_ahead(chunks) if self.on_disk else chunks

    def chosen_chunks(self, keep: np.ndarray | None) -> Iterator[np.ndarray]:
        """All rows in order, or those that `keep` marks; where there are none nothing is read."""
        if keep is None:
            yield from self.chunks()
            return
        n_rows = self.block_rows(1)
        for start in range(0, len(self), n_rows):
            marked = np.flatnonzero(keep[start : start + n_rows])
            if len(marked):
                first = start + marked[0]
                yield self.read(first, start + marked[-1] + 1)[marked - marked[0]]

    def spread(
        self, n_bytes: int, n_rows: int | None = None, keep: np.ndarray | None = None
    ) -> np.ndarray:
        """Rows evenly spread over all, or over those that `keep` marks.

        `n_rows` of them, or as many as `n_bytes` hold and there are.
        """
        affordable = max(1, n_bytes // (4 * self.n_columns))
        wanted = affordable if n_rows is None else min(n_rows, affordable)
        kept = np.arange(len(self)) if keep is None else np.flatnonzero(keep)
        chosen = spread_rows(kept, wanted)
        parts, done = [], 0
        for chunk in self.chunks():
            first, last = np.searchsorted(chosen, [done, done + len(chunk)])
            parts.append(chunk[chosen[first:last] - done])
            done += len(chunk)
        return np.concatenate(parts)

    def block_rows(self, batch_size: int, n_wanted: int = 0, beside: int = 0) -> int:
        """Rows of a block of `BLOCK_BYTES`: a whole number of batches, at least one.

        As many as `n_wanted`, where rows are not too wide for that; `beside` is bytes of what else
        there is for each row.
        """
        row_bytes = max(4 * self.n_columns, beside)
        n_bytes = max(BLOCK_BYTES, min(n_wanted * row_bytes, WIDE_BLOCK_BYTES))
        return batch_size * max(1, n_bytes // (row_bytes * batch_size))

    def shuffled(
        self,
        rng: np.random.Generator,
        batch_size: int,
        keep: np.ndarray | None = None,
        lags: Sequence[int] = (0,),
        block_rows: int | None = None,
    ) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        """All rows in a new random order, in blocks of whole batches (the last may be short).

        Parameters
        ----------
        rng : numpy.random.Generator
        batch_size : int
        keep : ndarray of bool, optional
            Only these rows.
        lags : sequence of int
            Hand on the rows that many later; past the end of the data, the last row. None at all
            are handed on for ().
        block_rows : int, optional
            The most rows of a block: a multiple of `batch_size`, such as `block_rows` gives.

        Yields
        ------
        numbers : ndarray of int64 of shape (n,)
        rows : list of ndarray of float32 of shape (n, n_columns)
            One for each of `lags`.
        """
        block = block_rows or self.block_rows(batch_size)
        no_rows = np.empty((0, self.n_columns), np.float32)
        rest: list[np.ndarray] = [np.empty(0, np.int64), *(no_rows for _ in lags)]
        for buffer, numbers, order in self._buffers(rng, keep, max(lags, default=0)):

            def take(chosen: np.ndarray, buffer=buffer, numbers=numbers) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
                last = len(buffer) - 1
                rows = [buffer[np.minimum(chosen + lag, last) if lag else chosen] for lag in lags]
                return [chosen if numbers is None else numbers[chosen], *rows]

            # What does not fill a batch goes on with the next buffer.
            n_rest = len(rest[0])
            n_whole = (n_rest + len(order)) // batch_size * batch_size - n_rest
            start = 0
            while start < n_whole:
                stop = min(start + block - len(rest[0]), n_whole)
                numbers_and_rows = _joined(rest, take(order[start:stop]))
                yield numbers_and_rows[0], numbers_and_rows[1:]
                start, rest = stop, [array[:0] for array in rest]
            rest = _joined(rest, take(order[max(n_whole, 0) :]))
        if len(rest[0]):
            yield rest[0], rest[1:]

    def _buffers(
        self, rng: np.random.Generator, keep: np.ndarray | None, lag: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None, np.ndarray]]:
        """Rows in memory, their numbers (None: 0, 1, ...), and the random order to take them in.

        The memory is used again for the next ones. `lag` rows that come after a row in the
        data come after it there, too.
        """
        if self.on_disk:
            for buffer, numbers, order in one_ahead(self._filled(rng, lag)):
                if keep is not None:
                    order = order[keep[numbers[order]]]
                yield buffer, numbers, rng.permutation(order)
            return
        if self._offset is not None:
            self._values, self._offset = self.read(0, len(self)), None
        chosen = np.arange(len(self)) if keep is None else np.flatnonzero(keep)
        yield self._values, None, rng.permutation(chosen)

    def _filled(
        self, rng: np.random.Generator, lag: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Buffers full of strips, the numbers of their rows, and which of them are to be used.

        There are two buffers in turn.
        """
        row_bytes, n_bytes = 4 * self.n_columns, int(BUFFER * self.max_memory)
        # Strips of up to a quarter megabyte: long enough to read fast, many enough to mix; and long
        # against what is read beside them.
        strip = max(1, min(2**18, n_bytes // 64) // row_bytes, 4 * lag)
        per_buffer = n_bytes // ((strip + lag) * row_bytes)
        if not per_buffer:
            least = ceil((strip + lag) * row_bytes / BUFFER / 2**20)
            raise InputError(
                f"max_memory: {self.max_memory:,} bytes are too few for {self.n_columns:,} columns"
                f"{f' and pairs of rows {lag:,} apart' if lag else ''}; give at least {least:,} MiB"
            )
        starts = rng.permutation(np.arange(0, len(self), strip))
        n_held = min(per_buffer, len(starts)) * (strip + lag)
        buffers = [np.empty((n_held, self.n_columns), np.float32) for _ in range(2)]
        numbers_of = [np.empty(n_held, np.int64) for _ in range(2)]
        for turn, first in enumerate(range(0, len(starts), per_buffer)):
            buffer, numbers = buffers[turn % 2], numbers_of[turn % 2]
            n_filled = 0
            taken: list[np.ndarray] = []
            for start in np.sort(starts[first : first + per_buffer]):
                rows = self.read(start, start + strip + lag)
                filled = slice(n_filled, n_filled + len(rows))
                buffer[filled] = rows
                numbers[filled] = np.arange(start, start + len(rows))
                taken.append(n_filled + np.arange(min(strip, len(self) - start)))
                n_filled += len(rows)
            yield buffer[:n_filled], numbers, np.concatenate(taken)

    def check_finite(self) -> None:
        """Raise `InputError` that names the first row and column that is not a finite number."""
        done = 0
        for chunk in self.chunks():
            bad = ~np.isfinite(chunk)
            if bad.any():
                row, column = np.argwhere(bad)[0]
                value = "NaN" if np.isnan(chunk[row, column]) else f"{chunk[row, column]}"
                raise InputError(
                    f"{self.name}: row {done + row}, column {column} is {value}, not "
                    f"a finite number ({int(bad.any(axis=1).sum())} such rows among "
                    f"{done + len(chunk)} read); leave these frames out or mend the feature"
                )
            done += len(chunk)


def _joined(first: list[np.ndarray], second: list[np.ndarray]) -> list[np.ndarray]:
    if not len(first[0]):
        return second
    return [np.concatenate(both) for both in zip(first, second, strict=True)]


def spread_rows(rows: np.ndarray, n: int) -> np.ndarray:
    """No more than `n` of the rows, evenly spread over them.

    Examples
    --------
    >>> spread_rows(np.arange(100, 109), 3)
    array([100, 104, 108])
    """
    if len(rows) <= n:
        return rows
    return rows[np.linspace(0, len(rows) - 1, n).round().astype(np.int64)]
