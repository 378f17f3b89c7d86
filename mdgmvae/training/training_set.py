"""The frames that a training sees: scaled, in random order, in blocks of whole batches."""

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
    """Frames for a number of steps, shuffled and scaled.

    Parameters
    ----------
    frames : ndarray of shape (n, n_x), float32
        Or, if the frames are on the device already, their numbers, of shape (n,) and int32.
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
        """The arrays that there are."""
        return [a for a in (self.frames, self.later, self.has_partner) if a is not None]


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """The frames of a training, scaled, and which of them are trained on.

    Parameters
    ----------
    dataset : Dataset
        All frames, scaled if they fit into memory so.
    scale : callable
        The scaling that is left to do: (n, n_columns) -> (n, n_x).
    is_scaled : bool
        Whether `dataset` holds scaled frames.
    lengths : sequence of int
        Number of frames in each segment.
    split : Split
        The frames that are trained on and those that are held out.
    pairs : LaggedPairs or None
        Pairs of frames that are trained on; None if the objective uses no pairs.
    batch_size : int
        Frames of a batch.
    block_frames : int
        Frames of a block at most, a multiple of the batch size.
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
        """Scale the frames, all at once if the result fits into memory, and find the pairs.

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
        """Return the number of frames, including those that are held out.

        So what is compiled with frames held out also serves the training on all frames.
        """
        return len(self.dataset)

    @property
    def frames_in_memory(self) -> np.ndarray | None:
        """All scaled frames, shape (n_frames, n_x), if they are in memory, else None."""
        return self.dataset.frames_in_memory if self.is_scaled else None

    @property
    def ridge(self) -> float:
        """The ridge of the covariances of the kinetic term."""
        return 0.0 if self.pairs is None else ridge_of(self.pairs.n_pairs)

    def epoch(self, rng: np.random.Generator, *, numbers_only: bool) -> Iterable[Block]:
        """Yield the frames that are trained on, in a new random order.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the order.
        numbers_only : bool
            Yield the frame numbers instead of the frames.
        """
        lags = [0] if self.pairs is None else [0, self.pairs.lag]
        for numbers, frames in self.dataset.shuffled(
            rng,
            self.batch_size,
            self.split.keep,
            () if numbers_only else lags,
            self.block_frames,
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
    """Return all frames, scaled, in memory."""
    x = np.empty((len(dataset), scaling.n_x), np.float32)
    done = 0
    for chunk in dataset.chunks():
        x[done : done + len(chunk)] = scaling.apply(chunk)
        done += len(chunk)
    return Dataset(x, dataset.max_memory)


def _identity(frames: np.ndarray) -> np.ndarray:
    return frames
