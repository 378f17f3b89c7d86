"""The frames for training: scaled, in random order, in blocks of whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..network.architecture import Architecture
from ..network.objective import Objective
from ..presets import Hyperparameters
from .dataset import Dataset
from .held_out import Split
from .lagged_pairs import LaggedPairs, pairs_of_step, ridge_of
from .scaling import Scaling


@dataclass(frozen=True, eq=False)
class Block:
    """Shuffled and scaled frames for a number of steps.

    Parameters
    ----------
    frames : ndarray of shape (n, n_x), float32
        If the frames are already on the device, their numbers instead: shape (n,), int32.
    later : ndarray of the same shape, or None
        The frames one lag later, if pairs are used.
    has_partner : ndarray of shape (n, 1), float32, or None
        1 if the frame one lag later belongs to the same segment, else 0.
    """

    frames: np.ndarray
    later: np.ndarray | None = None
    has_partner: np.ndarray | None = None

    @property
    def arrays(self) -> list[np.ndarray]:
        """The arrays that are not None."""
        return [a for a in (self.frames, self.later, self.has_partner) if a is not None]


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """The scaled frames of a training, and which of them are used for it.

    Parameters
    ----------
    dataset : Dataset
        All frames; already scaled if the scaled frames fit into memory.
    scale : callable
        The scaling that remains to be applied: (n, n_columns) -> (n, n_x).
    is_scaled : bool
        Whether the frames of `dataset` are already scaled.
    lengths : sequence of int
        Number of frames in each segment.
    split : Split
        The frames for training and the held-out frames.
    pairs : LaggedPairs or None
        Pairs of frames for training. None if the objective uses no pairs.
    batch_size : int
        Number of frames in a batch.
    block_frames : int
        Maximum number of frames in a block, a multiple of the batch size.
    """

    dataset: Dataset
    scale: Callable[[np.ndarray], np.ndarray]
    is_scaled: bool
    lengths: Sequence[int]
    split: Split
    pairs: LaggedPairs | None
    batch_size: int
    block_frames: int

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        lengths: Sequence[int],
        split: Split,
        scaling: Scaling,
        architecture: Architecture,
        hyperparameters: Hyperparameters,
    ) -> TrainingSet:
        """Find the pairs, and scale all frames now if the result fits into memory.

        Parameters
        ----------
        dataset : Dataset
        lengths : sequence of int
            Number of frames in each segment.
        split : Split
        scaling : Scaling
        architecture : Architecture
        hyperparameters : Hyperparameters
        """
        a, pairs, n_pairs = architecture, None, 0
        if Objective.of(hyperparameters).uses_pairs:
            assert hyperparameters.lag is not None, "Hyperparameters.check_data refuses no lag"
            pairs = LaggedPairs.within(lengths, hyperparameters.lag, split.keep)
            n_pairs = pairs_of_step(a.k)
        scale: Callable[[np.ndarray], np.ndarray] = scaling.apply
        is_scaled = False
        if not dataset.on_disk and dataset.fits_in_memory(scaling.n_x):
            dataset, scale, is_scaled = _scale_all(dataset, scaling), _identity, True
        # The noise of a step takes 4 k n_z bytes for each frame.
        batch_size = hyperparameters.batch_size
        block_frames = dataset.block_frames(batch_size, n_pairs, 4 * a.k * a.n_z)
        return cls(dataset, scale, is_scaled, lengths, split, pairs, batch_size, block_frames)

    def __len__(self) -> int:
        """Return the number of frames, including the held-out frames.

        The refit on all frames can then reuse the steps that were compiled before.
        """
        return len(self.dataset)

    @property
    def frames_in_memory(self) -> np.ndarray | None:
        """All scaled frames as an array (n_frames, n_x), or None if they are not in memory."""
        return self.dataset.frames_in_memory if self.is_scaled else None

    @property
    def ridge(self) -> float:
        """The ridge on the covariances of the kinetic term."""
        return 0.0 if self.pairs is None else ridge_of(self.pairs.n_pairs)

    def epoch(
        self, rng: np.random.Generator, *, numbers_only: bool, n_blocks: int = 1
    ) -> Iterable[Block]:
        """Yield the frames for training in a new random order.

        Parameters
        ----------
        rng : numpy.random.Generator
            Generator for the order.
        numbers_only : bool
            Yield frame numbers instead of frames.
        n_blocks : int
            Number of blocks to yield as one.
        """
        lags = [0] if self.pairs is None else [0, self.pairs.lag]
        for numbers, frames in self.dataset.shuffled(
            rng,
            self.batch_size,
            self.split.keep,
            () if numbers_only else lags,
            n_blocks * self.block_frames,
        ):
            if numbers_only:
                last = len(self) - 1
                arrays = [np.minimum(numbers + lag, last).astype(np.int32) for lag in lags]
            else:
                arrays = [self.scale(part) for part in frames]
            if self.pairs is not None:
                has_partner = self.pairs.has_partner[numbers].astype(np.float32)
                arrays.append(has_partner[:, np.newaxis])
            yield Block(*arrays)


def _scale_all(dataset: Dataset, scaling: Scaling) -> Dataset:
    """Return a dataset of all frames after scaling, in memory."""
    x = np.empty((len(dataset), scaling.n_x), np.float32)
    done = 0
    for chunk in dataset.chunks():
        x[done : done + len(chunk)] = scaling.apply(chunk)
        done += len(chunk)
    return Dataset(x, dataset.max_memory)


def _identity(frames: np.ndarray) -> np.ndarray:
    return frames
