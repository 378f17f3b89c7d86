"""The gap between the timescales that the states describe and all faster ones.

The frames are divided into something finer than the states: components, or microstates. A Markov
model of these has more timescales than there are states. Two things distinguish metastable states
from parts of one slow motion without barriers, such as diffusion in a wide well:

- Barriers: each slow process is nearly constant within the states, so the states explain most of
  its variance. Without barriers it changes gradually from one end to the other, and halves
  explain 64 % (harmonic well) or 81 % (flat box) of it.
- There is a gap: the slowest process within the states is much faster than the processes between
  them. Without barriers, the timescales decrease as 1, 1/2, 1/3 ... in a harmonic well, and as
  1, 1/4, 1/9 ... in a flat one. States that explain nearly everything need no gap: then the slow
  process within them, such as that of an independent feature, does not depend on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..clustering import kmeans_of
from ..errors import InputError
from .projected import timescale_between
from .slow_processes import SlowProcesses
from .vamp import vamp2_cross_validated

#: Smallest ratio of the timescales on both sides of a gap.
GAP = 3.0
#: Smallest share of a slow process that states with barriers explain. The halves of a harmonic
#: well explain 2 / pi, those of a flat box 8 / pi², and those of a double well 0.91 if its barrier
#: is 1 kT high, 0.96 for 2 kT.
LEAST_KEPT = 0.88
#: What the halves of a flat box explain.
FLAT = 8 / np.pi**2
#: States that explain this share of the processes of something finer than components need no gap:
#: what happens within them has nothing to do with them.
CLOSED = 0.92


@dataclass(frozen=True, eq=False)
class Gap:
    """The timescales between and within the states.

    Parameters
    ----------
    between, within : float
        Timescales in frames: the fastest process between the states, and the slowest one
        within them. 0 if it decays within the lag time.
    kept : ndarray of float64 of shape (n_states - 1,)
        Share of the variance of each process between the states that they explain, the slowest
        first.
    n_microstates : int
        Number of cells that the states are compared with.
    are_parts : bool
        Whether the states are made of whole cells.
    """

    between: float
    within: float
    kept: np.ndarray
    n_microstates: int
    are_parts: bool = False

    @property
    def ratio(self) -> float:
        """Timescale between the states over that within them; infinite if nothing is within."""
        return float("inf") if self.within <= 0 else self.between / self.within

    @property
    def is_there(self) -> bool:
        """Whether the processes within the states are much faster, or do not matter to them."""
        return self.ratio >= GAP or self.is_closed

    @property
    def is_closed(self) -> bool:
        """Whether what happens within the states has nothing to do with them; see `CLOSED`."""
        return not self.are_parts and bool((self.kept >= CLOSED).all())

    @property
    def stands_out(self) -> bool:
        """Whether there is a gap in the timescales, and more is explained than in a flat box.

        A short training may draw the borders beside the barriers, so that the states explain less,
        although they have been found.
        """
        return self.ratio >= GAP and bool((self.kept > FLAT).all())

    @property
    def has_barriers(self) -> bool:
        """Whether the processes between the states are nearly constant within them."""
        return bool((self.kept >= LEAST_KEPT).all())


@dataclass(frozen=True, eq=False)
class Cells:
    """A division of the frames with the processes of its Markov model.

    Parameters
    ----------
    labels : ndarray of int64 of shape (n_frames,)
        Cell of each frame, -1 for none.
    lag : int
        Lag time in frames.
    lengths : sequence of int or None
        Number of frames in each segment.
    are_parts : bool
        Whether states are made of whole cells, as they are of components. States with few cells
        explain their processes whatever they are.
    """

    labels: np.ndarray
    lag: int
    lengths: Sequence[int] | None
    are_parts: bool = False
    _scores: dict[int, float] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def processes(self) -> SlowProcesses:
        """Processes of the Markov model of the cells."""
        return SlowProcesses.of(self.labels, self.lag, self.lengths, int(self.labels.max()) + 1)

    @cached_property
    def n(self) -> int:
        """Number of cells with frames."""
        return len(np.unique(self.labels[self.labels >= 0]))

    def score(self, n: int) -> float:
        """Return how well the cells resolve the n slowest processes, on held-out frames."""
        if n not in self._scores:
            try:
                found = vamp2_cross_validated(
                    self.labels, lag=self.lag, lengths=self.lengths, n_processes=n + 1
                )
                self._scores[n] = found.mean
            except InputError:  # too few frames for the folds
                self._scores[n] = 1.0 + float(np.square(self.processes.eigenvalues[:n]).sum())
        return self._scores[n]

    def grouped(self, components: np.ndarray, k: int, n: int) -> np.ndarray:
        """Group components so that the groups explain most of the n - 1 slowest processes.

        Parameters
        ----------
        components : ndarray of int64 of shape (n_frames,)
            -1 for none.
        k, n : int
            Number of components, and of groups.

        Returns
        -------
        ndarray of int64 of shape (k,)
            Group of each component, -1 for a component without frames in cells.
        """
        frames = np.zeros((k, len(self.processes.stationary)))
        both = (self.labels >= 0) & (components >= 0)
        np.add.at(frames, (components[both], self.labels[both]), 1.0)
        frames[:, self.processes.stationary == 0] = 0.0
        weights = frames.sum(axis=1)
        there = np.flatnonzero(weights)
        functions = np.nan_to_num(self.processes.functions[:, : n - 1])
        means = (frames[there] @ functions) / weights[there, None]
        groups = np.full(k, -1)
        if len(np.unique(means, axis=0)) >= n:
            clusters = kmeans_of(means, n, seed=0, n_init=10, weights=weights[there])
            groups[there] = clusters.labels_
        return groups

    def may_be_explained_by(self, groups: np.ndarray) -> bool:
        """Return whether any states could have barriers, given the best groups (n_frames,).

        The groups of `grouped` explain more of all processes together than any other states that
        consist of whole components.
        """
        gap = self.gap_of(groups)
        return gap is not None and self.resolves(gap) and bool(gap.kept.mean() >= LEAST_KEPT)

    def resolves(self, gap: Gap) -> bool:
        """Return whether there are enough cells to judge the states of a gap by."""
        return not self.are_parts or self.n >= 2 * (len(gap.kept) + 1)

    def gap_of(self, states: np.ndarray) -> Gap | None:
        """Compare coarser states (n_frames,) with the cells; None if they are not coarser."""
        n = len(np.unique(states[states >= 0])) - 1
        if n < 1 or self.n <= n + 1 or len(self.processes.eigenvalues) <= n:
            return None
        both = (self.labels >= 0) & (states >= 0)
        shares = np.zeros((len(self.processes.stationary), int(states.max()) + 1))
        np.add.at(shares, (self.labels[both], states[both]), 1.0)
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
        between, within = self.processes.timescales[n - 1 : n + 1].tolist()
        if between > self.lag:
            # Frames that are assigned wrongly make this timescale shorter than it is.
            between = max(between, timescale_between(states, self.lag, self.lengths))
        kept = self.processes.kept_by(shares)[:n]
        return Gap(between, within, kept, self.n, self.are_parts)


def gap_of(states: np.ndarray, divisions: Sequence[Cells]) -> Gap | None:
    """Compare states with something finer, such as components or microstates.

    Parameters
    ----------
    states : ndarray of int64 of shape (n_frames,)
        -1 for none.
    divisions : sequence of Cells
        Those that resolve the processes between the states best are used: according to the
        variational principle, those with the highest VAMP-2 score on held-out frames. Components
        of which there are fewer than twice as many as states are used only if there is nothing
        else. Microstates that show that the states are closed come first.

    Returns
    -------
    Gap or None
        None if there is only one state, or nothing that is finer than the states.
    """
    found = [(cells, gap) for cells in divisions if (gap := cells.gap_of(states)) is not None]
    if not found:
        return None

    def resolution(pair: tuple[Cells, Gap]) -> tuple[bool, bool, float]:
        cells, gap = pair
        return cells.resolves(gap), gap.is_closed, cells.score(len(gap.kept))

    return max(found, key=resolution)[1]
