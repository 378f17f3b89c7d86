"""A feature matrix in memory or on disk, read and shuffled within a bounded amount of memory.

A file that fits into half of the allowed memory is shuffled as a whole. A larger file is read in
strips of neighbouring frames, which come in random order. The strips that fill a buffer are
shuffled together, and the next buffer is filled meanwhile. The file is read with plain reads
instead of through a memory map, because the pages of a map count as memory of the process and
grow with the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np

from ..checks import DEFAULT_MEMORY
from ..errors import InputError
from ..storage.features import FeatureSet
from .prefetch import prefetched

#: Share of the memory that the frames of a file, and the scaled frames, may each occupy.
IN_MEMORY_SHARE = 1 / 2
#: Share of the memory that each of the two buffers of a larger file occupies.
BUFFER_SHARE = 1 / 8
#: Bytes that are passed on at a time: a block of training steps, or a chunk for inference.
BLOCK_BYTES = 4 * 2**20
#: Bytes of a block at most, if more frames are needed than fit into `BLOCK_BYTES`.
WIDE_BLOCK_BYTES = 16 * BLOCK_BYTES


class Dataset:
    """Features of frames, with random and sequential access.

    Parameters
    ----------
    data : ndarray of shape (n_frames, n_columns), or path of a .npy file
    max_memory : int
        Bytes of memory that features may occupy.

    Attributes
    ----------
    name : str
        Path of the file, or "X" for an array; errors begin with it.
    lengths : tuple of int or None
        Number of frames in each segment, from the .json beside a file.

    Raises
    ------
    InputError
        If the file cannot be used; the message says what to do.

    Examples
    --------
    >>> dataset = Dataset(np.arange(6.0).reshape(3, 2))
    >>> len(dataset), dataset.n_columns, dataset.read(1, 2)
    (3, 2, array([[2., 3.]], dtype=float32))
    """

    def __init__(
        self, data: np.ndarray | str | os.PathLike[str], max_memory: int = DEFAULT_MEMORY
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
        """Return the number of frames."""
        return int(self._values.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of features."""
        return int(self._values.shape[1])

    @property
    def on_disk(self) -> bool:
        """Whether the frames are read from a file at every epoch."""
        return isinstance(self._values, np.memmap) and not self.fits_in_memory(self.n_columns)

    def fits_in_memory(self, n_columns: int) -> bool:
        """Return whether `n_columns` values of each frame fit in the share for frames."""
        return 4 * len(self) * n_columns <= IN_MEMORY_SHARE * self.max_memory

    @property
    def frames_in_memory(self) -> np.ndarray | None:
        """All frames, shape (n_frames, n_columns), if they are an array in memory, else None."""
        return None if isinstance(self._values, np.memmap) else self._values

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return the frames start..stop - 1: shape (n, n_columns), float32."""
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
                f"{self.name}: can no longer be read ({error.strerror or error}); leave it in "
                "place until the command or fit has ended"
            ) from error
        if len(values) != (stop - start) * n_columns:
            raise InputError(
                f"{self.name}: has become shorter since it was opened; compute it again, and do "
                "not change it until the command or fit has ended"
            )
        return values.reshape(-1, n_columns).astype(np.float32, copy=False)

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """Return the frames with these numbers, in this order: shape (n, n_columns), float32."""
        if not isinstance(self._values, np.memmap):
            return np.asarray(self._values[numbers], np.float32)
        found = np.empty((len(numbers), self.n_columns), np.float32)
        for i, number in enumerate(numbers.tolist()):
            found[i] = self.read(number, number + 1)[0]
        return found

    def chunks(self, n: int | None = None) -> Iterator[np.ndarray]:
        """Yield all frames in order, `n` at a time (default: `BLOCK_BYTES`)."""
        n = n or self.block_frames(1)
        chunks = (self.read(start, start + n) for start in range(0, len(self), n))
        return prefetched(chunks) if self.on_disk else chunks

    def kept_chunks(self, keep: np.ndarray | None) -> Iterator[np.ndarray]:
        """Yield the frames that `keep` marks, in order, in chunks; all frames if it is None.

        Chunks without a marked frame are not read.
        """
        if keep is None:
            yield from self.chunks()
            return
        n = self.block_frames(1)
        for start in range(0, len(self), n):
            marked = np.flatnonzero(keep[start : start + n])
            if len(marked):
                first = start + marked[0]
                yield self.read(first, start + marked[-1] + 1)[marked - marked[0]]

    def sample(
        self, n_bytes: int, n: int | None = None, keep: np.ndarray | None = None
    ) -> np.ndarray:
        """Return frames that are evenly spread over all frames.

        Parameters
        ----------
        n_bytes : int
            Bytes of memory that the frames may occupy.
        n : int, optional
            Number of frames at most. Default: as many as there are and `n_bytes` can hold.
        keep : ndarray of bool of shape (n_frames,), optional
            Choose from these frames only.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
        """
        affordable = max(1, n_bytes // (4 * self.n_columns))
        wanted = affordable if n is None else min(n, affordable)
        kept = np.arange(len(self)) if keep is None else np.flatnonzero(keep)
        chosen = spread_out(kept, wanted)
        parts, done = [], 0
        for chunk in self.chunks():
            first, last = np.searchsorted(chosen, [done, done + len(chunk)])
            parts.append(chunk[chosen[first:last] - done])
            done += len(chunk)
        return np.concatenate(parts)

    def block_frames(self, batch_size: int, n_wanted: int = 0, extra_bytes: int = 0) -> int:
        """Return the number of frames of a block: a whole number of batches, at least one.

        Parameters
        ----------
        batch_size : int
        n_wanted : int
            Make the block larger than `BLOCK_BYTES` to hold so many frames, if they are not too
            wide for `WIDE_BLOCK_BYTES`.
        extra_bytes : int
            Bytes of other arrays for each frame, if those are larger than the frame.
        """
        frame_bytes = max(4 * self.n_columns, extra_bytes)
        n_bytes = max(BLOCK_BYTES, min(n_wanted * frame_bytes, WIDE_BLOCK_BYTES))
        return batch_size * max(1, n_bytes // (frame_bytes * batch_size))

    def shuffled(
        self,
        rng: np.random.Generator,
        batch_size: int,
        keep: np.ndarray | None = None,
        lags: Sequence[int] = (0,),
        block_frames: int | None = None,
    ) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        """Yield all frames in a new random order, in blocks of whole batches.

        Only the last batch of the last block may be short.

        Parameters
        ----------
        rng : numpy.random.Generator
        batch_size : int
        keep : ndarray of bool of shape (n_frames,), optional
            Yield these frames only.
        lags : sequence of int
            For each lag, yield the frames that much later; beyond the end of the data, the last
            frame. An empty sequence yields numbers only.
        block_frames : int, optional
            Number of frames of a block at most: a multiple of `batch_size`, such as
            `block_frames` gives.

        Yields
        ------
        numbers : ndarray of int64 of shape (n,)
            The frame numbers.
        frames : list of ndarray of float32 of shape (n, n_columns)
            One array for each of `lags`.
        """
        block = block_frames or self.block_frames(batch_size)
        no_frames = np.empty((0, self.n_columns), np.float32)
        rest: list[np.ndarray] = [np.empty(0, np.int64), *(no_frames for _ in lags)]
        for buffer, numbers, order in self._buffers(rng, keep, max(lags, default=0)):
            # Frames that do not fill a batch are joined with those of the next buffer.
            n_rest = len(rest[0])
            n_whole = (n_rest + len(order)) // batch_size * batch_size - n_rest
            start = 0
            while start < n_whole:
                stop = min(start + block - len(rest[0]), n_whole)
                numbers_of_block, *frames = _concatenate(
                    rest, _gather(buffer, numbers, order[start:stop], lags)
                )
                yield numbers_of_block, frames
                start, rest = stop, [array[:0] for array in rest]
            rest = _concatenate(rest, _gather(buffer, numbers, order[max(n_whole, 0) :], lags))
        if len(rest[0]):
            yield rest[0], rest[1:]

    def _buffers(
        self, rng: np.random.Generator, keep: np.ndarray | None, lag: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None, np.ndarray]]:
        """Yield buffers of frames, the frame numbers, and the random order to take them in.

        The numbers are None if they are 0, 1, ... The memory of a buffer is used again. The
        `lag` frames that follow a frame in the data follow it in the buffer, too.
        """
        if self.on_disk:
            for buffer, numbers, order in prefetched(self._fill_buffers(rng, lag)):
                if keep is not None:
                    order = order[keep[numbers[order]]]
                yield buffer, numbers, rng.permutation(order)
            return
        if self._offset is not None:
            self._values, self._offset = self.read(0, len(self)), None
        chosen = np.arange(len(self)) if keep is None else np.flatnonzero(keep)
        yield self._values, None, rng.permutation(chosen)

    def _fill_buffers(
        self, rng: np.random.Generator, lag: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield buffers full of strips, the frame numbers, and the positions to be used.

        Two buffers are filled in turn.
        """
        frame_bytes, n_bytes = 4 * self.n_columns, int(BUFFER_SHARE * self.max_memory)
        # Strips of up to a quarter of a megabyte are long enough to read fast and short enough
        # to mix well. They are long compared with the `lag` frames that are read in addition.
        strip = max(1, min(2**18, n_bytes // 64) // frame_bytes, 4 * lag)
        per_buffer = n_bytes // ((strip + lag) * frame_bytes)
        if not per_buffer:
            least = ceil((strip + lag) * frame_bytes / BUFFER_SHARE / 2**20)
            pairs = f" and pairs of frames {lag:,} apart" if lag else ""
            raise InputError(
                f"max_memory: {self.max_memory:,} bytes are not enough for {self.n_columns:,} "
                f"columns{pairs}; allow at least {least:,} MiB"
            )
        starts = rng.permutation(np.arange(0, len(self), strip))
        n_buffer_frames = min(per_buffer, len(starts)) * (strip + lag)
        buffers = [np.empty((n_buffer_frames, self.n_columns), np.float32) for _ in range(2)]
        numbers_of = [np.empty(n_buffer_frames, np.int64) for _ in range(2)]
        for turn, first in enumerate(range(0, len(starts), per_buffer)):
            buffer, numbers = buffers[turn % 2], numbers_of[turn % 2]
            n_filled = 0
            used: list[np.ndarray] = []
            for start in np.sort(starts[first : first + per_buffer]):
                frames = self.read(start, start + strip + lag)
                filled = slice(n_filled, n_filled + len(frames))
                buffer[filled] = frames
                numbers[filled] = np.arange(start, start + len(frames))
                used.append(n_filled + np.arange(min(strip, len(self) - start)))
                n_filled += len(frames)
            yield buffer[:n_filled], numbers, np.concatenate(used)

    def check_finite(self) -> None:
        """Refuse values that are not finite numbers.

        Raises
        ------
        InputError
            Naming the first frame and column with such a value.
        """
        done = 0
        for chunk in self.chunks():
            bad = ~np.isfinite(chunk)
            if bad.any():
                frame, column = np.argwhere(bad)[0]
                found = chunk[frame, column]
                value = "NaN" if np.isnan(found) else f"{found}"
                raise InputError(
                    f"{self.name}: frame {done + frame}, column {column} is {value}, not "
                    f"a finite number ({int(bad.any(axis=1).sum())} such frames among the first "
                    f"{done + len(chunk)}); leave these frames out or correct the feature"
                )
            done += len(chunk)


def _gather(
    buffer: np.ndarray, numbers: np.ndarray | None, chosen: np.ndarray, lags: Sequence[int]
) -> list[np.ndarray]:
    """Return the numbers of the chosen frames of a buffer, and for each lag the frames later."""
    last = len(buffer) - 1
    frames = [buffer[np.minimum(chosen + lag, last) if lag else chosen] for lag in lags]
    return [chosen if numbers is None else numbers[chosen], *frames]


def _concatenate(first: list[np.ndarray], second: list[np.ndarray]) -> list[np.ndarray]:
    """Concatenate the arrays of both lists, one by one."""
    if not len(first[0]):
        return second
    return [np.concatenate(both) for both in zip(first, second, strict=True)]


def spread_out(numbers: np.ndarray, n: int) -> np.ndarray:
    """Return at most `n` of the frame numbers, evenly spread over them.

    Examples
    --------
    >>> spread_out(np.arange(100, 109), 3)
    array([100, 104, 108])
    """
    if len(numbers) <= n:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, n).round().astype(np.int64)]
