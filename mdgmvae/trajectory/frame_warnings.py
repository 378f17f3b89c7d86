"""Name the file and the frame in warnings of kernels, which know only their block of frames."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from ..errors import TrajectoryWarning
from .frames import Place


def _without_file(frame: int) -> Place:
    return Place("", frame)


class FrameWarnings:
    """Issue each kind of warning about frames once, with the first frame that it is about.

    Parameters
    ----------
    place_of : callable
        Returns the file of a frame, and its number in there.
    """

    def __init__(self, place_of: Callable[[int], Place] = _without_file) -> None:
        self._place_of = place_of
        self._told: set[tuple[str, int]] = set()

    @contextmanager
    def of(self, frames: np.ndarray) -> Iterator[None]:
        """Complete the warnings that are issued within the context.

        Parameters
        ----------
        frames : numpy.ndarray
            Number of each frame of the block, (n,).
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", TrajectoryWarning)
            yield
        for found in caught:
            message, kind = found.message, (found.filename, found.lineno)
            if not isinstance(message, TrajectoryWarning):
                warnings.warn_explicit(message, found.category, found.filename, found.lineno)
            elif kind not in self._told:
                self._told.add(kind)
                if message.frame is not None:
                    frame = int(frames[message.frame])
                    message = message.moved(frame, *self._place_of(frame))
                warnings.warn(message, stacklevel=2)
