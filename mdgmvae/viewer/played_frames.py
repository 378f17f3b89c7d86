"""The labelled frames of a trajectory, in the order in which they are played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..annotation.labelled import assigned_probabilities
from ..errors import InputError
from ..labels import as_frames, as_labels, check_repeated
from ..trajectory.frames import file_of_frames


@dataclass(frozen=True, eq=False)
class PlayedFrames:
    """Frames that have a state.

    Parameters
    ----------
    numbers : ndarray of int64 of shape (n,)
        Frame numbers, sorted.
    states : ndarray of int64 of shape (n,)
        State of each frame, none of them -1.
    certainty : ndarray of float32 of shape (n,), or None
        Probability of the state of each frame.
    transitions : ndarray of int64 of shape (n_transitions,)
        Places of the frames whose state is not that of the frame before them in the same file.
    n_states, n_frames : int
        Number of states, and of frames of the trajectory.
    """

    numbers: np.ndarray
    states: np.ndarray
    certainty: np.ndarray | None
    transitions: np.ndarray
    n_states: int
    n_frames: int

    @classmethod
    def of(cls, trajectory: Any, labels: Any, frames: Any, probabilities: Any) -> Self:
        """Check labels, and leave out frames without a state.

        Parameters
        ----------
        trajectory : MDAnalysis.coordinates.base.ProtoReader
        labels, frames, probabilities
            As in `mdgmvae.viewer.view`.

        Raises
        ------
        InputError
            If they do not fit the trajectory, or no frame has a state.
        """
        states = as_labels(labels)
        numbers = as_frames(frames, len(states), trajectory.n_frames)
        check_repeated(numbers, states)
        certainty = None if probabilities is None else assigned_probabilities(states, probabilities)
        n_states = int(states.max(initial=-1)) + 1
        if probabilities is not None:
            n_states = np.shape(probabilities)[1]
        _, order = np.unique(numbers, return_index=True)
        order = order[states[order] >= 0]
        if not len(order):
            raise InputError("labels: no frame has a state, so there is nothing to show")
        numbers, states = numbers[order], states[order]
        files = file_of_frames(trajectory, numbers)[0]
        changes = (np.diff(states) != 0) & (np.diff(files) == 0)
        return cls(
            numbers,
            states,
            None if certainty is None else certainty[order],
            np.flatnonzero(changes) + 1,
            n_states,
            trajectory.n_frames,
        )

    @property
    def step(self) -> int:
        """The distance between frame numbers if it is always the same, otherwise 1."""
        steps = np.unique(np.diff(self.numbers))
        return int(steps[0]) if len(steps) == 1 else 1

    def nearest(self, frame: int) -> int:
        """Return the number of the first frame with a state from this one on, or of the last."""
        place = min(int(self.numbers.searchsorted(frame)), len(self.numbers) - 1)
        return int(self.numbers[place])

    def place_of(self, frame: int) -> int:
        """Return the place of a frame with a state."""
        return int(self.numbers.searchsorted(frame))

    def transition(self, frame: int, direction: int) -> int | None:
        """Return the number of the nearest transition before (-1) or after (1) a frame, if any."""
        at = self.numbers[self.transitions]
        found = at[at > frame] if direction > 0 else at[at < frame][::-1]
        return int(found[0]) if len(found) else None
