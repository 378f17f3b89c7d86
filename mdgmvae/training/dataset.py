"""A feature matrix in memory or on disk, read and shuffled with bounded memory.

A file that fits into half of the allowed memory is loaded and shuffled as a whole. A larger file
is read as strips of consecutive frames in random order. The frames of all strips in a buffer are
shuffled together while the next buffer is being filled. Files are not read through a memory map,
because its pages count as memory of the process and grow with the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from math import ceil
from typing import BinaryIO, cast

import numpy as np

from ..checks import DEFAULT_MEMORY
from ..errors import InputError
from ..storage.features import FeatureSet, stamp_of
from .prefetch import prefetched

#: Share of the memory that the frames of a file may occupy. The scaled frames may take as much.
IN_MEMORY_SHARE = 1 / 2
#: Share of the memory for each of the two buffers through which a larger file is read.
BUFFER_SHARE = 1 / 8
#: Bytes of a block for training, or of a chunk for inference.
BLOCK_BYTES = 4 * 2**20
#: Upper limit for a block that needs more frames than fit into `BLOCK_BYTES`.
WIDE_BLOCK_BYTES = 16 * BLOCK_BYTES


class Dataset:
    """The features of all frames, with sequential, random and shuffled access.

    Parameters
    ----------
    data : ndarray of shape (n_frames, n_columns), FeatureSet, or path of a .npy file
    max_memory : int
        Bytes of memory that the features may occupy.

    Attributes
    ----------
    name : str
        Path of the file, or "X" for an array. Error messages begin with it.
    lengths : tuple of int or None
        Number of frames in each segment, from the .json next to a file.

    Raises
    ------
    InputError
        If the file cannot be used. The message says what to do.

    Examples
    --------
    >>> dataset = Dataset(np.arange(6.0).reshape(3, 2))
    >>> len(dataset), dataset.n_columns, dataset.read(1, 2)
    (3, 2, array([[2., 3.]], dtype=float32))
    """

    def __init__(
        self,
        data: np.ndarray | FeatureSet | str | os.PathLike[str],
        max_memory: int = DEFAULT_MEMORY,
    ) -> None:
        self.name = "X"
        self.lengths: tuple[int, ...] | None = None
        self._values: np.ndarray
        self._offset: int | None = None
        if isinstance(data, FeatureSet | str | os.PathLike):
            path = data.path if isinstance(data, FeatureSet) else data
            features = FeatureSet.load(path)
            self.name, self.lengths, self._values = str(path), features.lengths, features.values
            self._offset = self._values.offset  # type: ignore[attr-defined]
            self._stamp = features.stamp
            if isinstance(data, FeatureSet):
                self.lengths = data.lengths
                self._check_stamp(data.stamp)
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
        """Return whether all frames fit into memory, with `n_columns` values each."""
        return 4 * len(self) * n_columns <= IN_MEMORY_SHARE * self.max_memory

    @property
    def frames_in_memory(self) -> np.ndarray | None:
        """All frames as an array (n_frames, n_columns), or None if they are on disk."""
        return None if isinstance(self._values, np.memmap) else self._values

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return frames `start` to `stop` - 1: shape (n, n_columns), float32."""
        if self._offset is None:
            return np.asarray(self._values[start:stop], np.float32)
        # Not through the memory map: the process would be killed if the file became shorter.
        stop, n_columns = min(stop, len(self)), self.n_columns
        try:
            with open(self.name, "rb") as file:
                found = stamp_of(file.fileno())
                if found and self._stamp and found[0] >= self._stamp[0]:
                    self._check_stamp(found)
                if self._values.flags.c_contiguous:
                    values = self._from_file(file, start * n_columns, (stop - start) * n_columns)
                    values = values.reshape(-1, n_columns)
                else:
                    firsts = range(start, start + n_columns * len(self), len(self))
                    columns = [self._from_file(file, first, stop - start) for first in firsts]
                    values = np.stack(columns, axis=1)
        except OSError as error:
            raise InputError(
                f"{self.name}: can no longer be read ({error.strerror or error}); leave it in "
                "place until the command or fit has ended"
            ) from error
        return values.astype(np.float32, order="C", copy=False)

    def _from_file(self, file: BinaryIO, first: int, n: int) -> np.ndarray:
        """Read `n` consecutive numbers of the file from the number `first` on."""
        dtype = self._values.dtype
        file.seek(cast(int, self._offset) + first * dtype.itemsize)
        values = np.fromfile(file, dtype, count=n)
        if len(values) != n:
            raise InputError(
                f"{self.name}: has become shorter since it was opened; compute it again, and do "
                "not change it until the command or fit has ended"
            )
        return values

    def _check_stamp(self, stamp: tuple[int, int] | None) -> None:
        if stamp != self._stamp:
            raise InputError(
                f"{self.name}: has changed since it was opened; do not change it until the command "
                "or fit has ended"
            )

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """Return the frames with these numbers, in this order: shape (n, n_columns), float32."""
        if not isinstance(self._values, np.memmap):
            return np.asarray(self._values[numbers], np.float32)
        found = np.empty((len(numbers), self.n_columns), np.float32)
        for i, number in enumerate(numbers.tolist()):
            found[i] = self.read(number, number + 1)[0]
        return found

    def chunks(self, n: int | None = None) -> Iterator[np.ndarray]:
        """Yield all frames in order, `n` at a time (default: as many as fit `BLOCK_BYTES`)."""
        n = n or self.block_frames(1)
        chunks = (self.read(start, start + n) for start in range(0, len(self), n))
        return prefetched(chunks) if self.on_disk else chunks

    def kept_chunks(self, keep: np.ndarray | None) -> Iterator[np.ndarray]:
        """Yield the frames that `keep` selects in order, in chunks; all frames if it is None.

        Chunks without a selected frame are not read.
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
        """Return a sample of frames, evenly spread over the data.

        Parameters
        ----------
        n_bytes : int
            Bytes of memory that the frames may occupy.
        n : int, optional
            Maximum number of frames. Default: as many as fit into `n_bytes`.
        keep : ndarray of bool of shape (n_frames,), optional
            Sample only these frames.

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
        """Return the number of frames in a block of whole batches.

        Parameters
        ----------
        batch_size : int
            Number of frames in a batch.
        n_wanted : int
            Minimum number of frames. The block may exceed `BLOCK_BYTES` for them, but not
            `WIDE_BLOCK_BYTES`.
        extra_bytes : int
            Bytes per frame of another array of the block. The larger of the array and the frames
            determines the size of the block.
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

        Only the last batch of the last block can be incomplete.

        Parameters
        ----------
        rng : numpy.random.Generator
        batch_size : int
            Number of frames in a batch.
        keep : ndarray of bool of shape (n_frames,), optional
            Yield only these frames.
        lags : sequence of int
            For each lag, yield the frames that much later, or the last frame if the data end before
            that. If empty, yield only frame numbers.
        block_frames : int, optional
            Maximum number of frames in a block, a multiple of `batch_size`. Default: from the
            method `block_frames`.

        Yields
        ------
        numbers : ndarray of int64 of shape (n,)
            Frame numbers.
        frames : list of ndarray of float32 of shape (n, n_columns)
            One array for each of `lags`.
        """
        block = block_frames or self.block_frames(batch_size)
        no_frames = np.empty((0, self.n_columns), np.float32)
        rest: list[np.ndarray] = [np.empty(0, np.int64), *(no_frames for _ in lags)]
        for buffer, numbers, order in self._buffers(rng, keep, max(lags, default=0)):
            # Frames that do not fill a batch are left for the next buffer.
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
        """Yield buffers of frames, their frame numbers, and a random order of positions.

        The numbers are None if they equal the positions. The memory of a buffer is reused. In a
        buffer, each of the positions is followed by the next `lag` frames of the data.
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
        """Fill two buffers in turn with strips; yield the frames, their numbers and positions.

        The positions exclude frames that were read only because they are `lag` frames later.
        """
        frame_bytes, n_bytes = 4 * self.n_columns, int(BUFFER_SHARE * self.max_memory)
        # Strips of up to 256 KiB are long enough to be read fast, and short enough to mix well.
        # They are at least four lags long, because `lag` extra frames are read with each.
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
        """Raise an error if a value is not a finite number.

        Raises
        ------
        InputError
            With the first frame and column that contain such a value.
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
    """Return the frame numbers at the positions `chosen`, and the frames at each lag."""
    last = len(buffer) - 1
    frames = [buffer[np.minimum(chosen + lag, last) if lag else chosen] for lag in lags]
    return [chosen if numbers is None else numbers[chosen], *frames]


def _concatenate(first: list[np.ndarray], second: list[np.ndarray]) -> list[np.ndarray]:
    """Concatenate each array of the first list with that of the second."""
    if not len(first[0]):
        return second
    return [np.concatenate(both) for both in zip(first, second, strict=True)]


def spread_out(numbers: np.ndarray, n: int) -> np.ndarray:
    """Select at most `n` of the frame numbers, evenly spread.

    Examples
    --------
    >>> spread_out(np.arange(100, 109), 3)
    array([100, 104, 108])
    """
    if len(numbers) <= n:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, n).round().astype(np.int64)]
