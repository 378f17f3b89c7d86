"""States of the frames of a trajectory as arrays, a table and discrete trajectories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from MDAnalysis.analysis.results import Results

from ..tables import Shown, Table, counted, percent

if TYPE_CHECKING:
    import pandas as pd


class TrajectoryResults(Shown, Results):
    """States of the frames of a trajectory, as arrays with one entry for each frame.

    Displayed as a table of the states. It is empty until the analysis has run.

    Attributes
    ----------
    labels : ndarray of shape (n_frames,), int64
        State of each frame.
    components : ndarray of shape (n_frames,), int64
        Most probable component of each frame.
    probabilities : ndarray of shape (n_frames, n_states), float32
        Probability of each state: the sum over its components.
    component_probabilities : ndarray of shape (n_frames, k), float32
        Assignment probabilities q(y|x) of the components.
    latent : ndarray of shape (n_frames, n_z), float32
        Latent coordinates.
    scores : ndarray of shape (n_frames,), float32
        Lower bound of the log-likelihood of each frame (`GMVAE.score_samples`).
    unlike_training : ndarray of shape (n_frames,), bool
        Whether the score is below `GMVAE.score_threshold_`. The state of such a frame means
        little, however high its probability is.
    frames : ndarray of shape (n_frames,), int64
        Frame numbers in the trajectory.
    times : ndarray of shape (n_frames,), float64
        In ps; NaN where unknown.
    trajectory_index : ndarray of shape (n_frames,), int64
        Index of the trajectory file that contains each frame.
    lengths : tuple of int
        Number of frames of each segment.
    populations : ndarray of shape (n_states,), float64
        Share of the frames in each state.
    history : dict of str to list of float
        Losses of the training, one value for each epoch (results of `GMVAEAnalysis` only).

    Examples
    --------
    >>> results = TrajectoryResults(
    ...     labels=np.array([0, 0, 1]), lengths=(2, 1), populations=np.array([2 / 3, 1 / 3]))
    >>> results
    3 frames in 2 segments
    state  frames  population / %
        0       2            66.7
        1       1            33.3
    Arrays: labels, lengths, populations
    >>> [segment.tolist() for segment in results.dtrajs]
    [[0, 0], [1]]
    """

    @property
    def dtrajs(self) -> list[np.ndarray]:
        """State labels of each segment: discrete trajectories, as deeptime accepts them."""
        return np.split(self.labels, np.cumsum(self.lengths)[:-1])

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table with one row for each frame.

        Returns
        -------
        pandas.DataFrame
            Columns ``frame``, ``time`` (ps), ``trajectory`` (index of the file), ``state``,
            ``component``, ``probability`` (of the state of the frame), the latent coordinates
            ``z1``, ``z2``, ..., ``score`` and ``unlike_training``.
        """
        import pandas as pd

        columns = {
            "frame": self.frames,
            "time": self.times,
            "trajectory": self.trajectory_index,
            "state": self.labels,
            "component": self.components,
            "probability": self.state_probability,
        }
        latent = {f"z{i}": values for i, values in enumerate(self.latent.T, start=1)}
        of_model = {"score": self.scores, "unlike_training": self.unlike_training}
        return pd.DataFrame({**columns, **latent, **of_model})

    @property
    def state_probability(self) -> np.ndarray:
        """Probability of the state of each frame: shape (n_frames,), float32."""
        own: np.ndarray = self.probabilities[np.arange(len(self.labels)), self.labels]
        return own

    def tables(self) -> list[Table]:
        """Count the frames and segments, and the frames of each state."""
        if "labels" not in self.data:
            return [Table((), (), title="No results yet: call run() first")]
        n_frames, n_segments = len(self.labels), len(self.lengths)
        counts = np.bincount(self.labels, minlength=len(self.populations))
        return [
            Table(
                ("state", "frames", "population / %"),
                tuple(
                    (state, f"{n:,}", percent(share))
                    for state, (share, n) in enumerate(zip(self.populations, counts, strict=True))
                ),
                title=f"{counted(n_frames, 'frame')} in {counted(n_segments, 'segment')}",
                note=f"Arrays: {', '.join(self.data)}",
                sentences=self._warnings(),
            )
        ]

    def _warnings(self) -> tuple[str, ...]:
        n = int(np.sum(self.data.get("unlike_training", 0)))
        if not n:
            return ()
        is_are = "frame is" if n == 1 else "frames are"
        return (f"{n:,} {is_are} unlike all frames of the training (unlike_training)",)

    def __getattr__(self, name: str) -> Any:
        """Return an array, or say how to get the results where there are none."""
        try:
            return super().__getattr__(name)
        except AttributeError as error:
            if name.startswith("_") or vars(self).get("data"):
                raise
            raise AttributeError(f"there is no {name!r} before run(): call run() first") from error

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Any]]]:
        """Pickle the arrays; the base class cannot restore empty results."""
        return type(self), (dict(self.data),)
