"""The gap between the timescales that the states describe and all faster ones.

The frames are divided into microstates, which are finer than the states. A Markov model of the
microstates has more timescales than there are states. Two things distinguish metastable states
from pieces of one slow motion without barriers, such as diffusion in a wide well:

- There is a gap: the slowest process within the states is much faster than the processes between
  them. Without barriers, one timescale follows the other: 1, 1/2, 1/3 ... in a harmonic well, and
  1, 1/4, 1/9 ... in a flat one.
- The states lose nothing: joining the microstates into states keeps the eigenvalues. If frames
  move slowly within the states, the border between them is crossed back and forth, and the
  eigenvalues become smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ..kinetics.markov import (
    MarkovModel,
    connected_sets,
    count_matrix,
    timescales_of,
    with_ways_back,
)
from ..segments import checked_lengths
from ..training.lagged_pairs import LaggedPairs
from ..training.tica import Tica

#: Smallest ratio of the timescales on both sides of a gap. In wells without barriers it is at
#: most 4, that of a flat box; see `LEAST_KEPT` for these.
GAP = 3.0
#: Smallest share of an eigenvalue that states with barriers between them keep. Halves of a
#: harmonic well keep 2 / pi, those of a flat box 8 / pi².
LEAST_KEPT = 0.85
#: Number of microstates for each component, the smallest number, and the smallest number of
#: independent pairs of frames for each microstate.
_PER_COMPONENT, _FEWEST, _PAIRS = 3, 30, 10
#: Number of frames that are clustered, and of slow coordinates of the logits.
_CLUSTERED, _DIM = 20_000, 10
#: Smaller probabilities are not distinguished.
_SMALLEST = 1e-30


@dataclass(frozen=True, eq=False)
class Gap:
    """The timescales between and within the states.

    Parameters
    ----------
    between, within : float
        Timescales in frames: the fastest process between the states, and the slowest one
        within them. 0 if it decays within the lag time.
    kept : ndarray of float64 of shape (n_states - 1,)
        Share of the eigenvalue of each process between the states that remains after joining
        the microstates, the slowest first.
    n_microstates : int
    """

    between: float
    within: float
    kept: np.ndarray
    n_microstates: int

    @property
    def ratio(self) -> float:
        """Timescale between the states over that within them; infinite if nothing is within."""
        return float("inf") if self.within <= 0 else self.between / self.within

    @property
    def is_there(self) -> bool:
        """Whether there is a gap in the timescales."""
        return self.ratio >= GAP

    @property
    def has_barriers(self) -> bool:
        """Whether the states keep the eigenvalues of the microstates."""
        return bool((self.kept >= LEAST_KEPT).all())


def gap_of(
    states: np.ndarray,
    components: np.ndarray,
    probabilities: np.ndarray | None,
    *,
    lag: int,
    lengths: Sequence[int] | None,
) -> Gap | None:
    """Compare the states with something finer: microstates of the probabilities, or components.

    Parameters
    ----------
    states, components : ndarray of int64 of shape (n_frames,)
        -1 for none.
    probabilities : ndarray of shape (n_frames, k) or None
        Of the components, q(y|x).
    lag : int
        Lag time in frames.
    lengths : sequence of int or None
        Number of frames in each segment.

    Returns
    -------
    Gap or None
        None if there is only one state, or nothing that is finer than the states.
    """
    n_states = len(np.unique(states[states >= 0]))
    finer = components
    if probabilities is not None:
        finer = microstates(components, probabilities, lag=lag, lengths=lengths)
    n_finer = len(np.unique(finer[finer >= 0]))
    if n_states < 2 or n_finer <= n_states:
        return None
    slow = _eigenvalues(finer, lag, lengths)
    of_states = _eigenvalues(states, lag, lengths)
    n = n_states - 1
    if len(slow) <= n:
        return None
    kept = np.divide(of_states[:n], slow[:n], out=np.zeros(n), where=slow[:n] > 0)
    between, within = timescales_of(slow[n - 1 : n + 1], lag).tolist()
    return Gap(between, within, np.minimum(kept, 1.0), n_finer)


def microstates(
    components: np.ndarray,
    probabilities: np.ndarray,
    *,
    lag: int,
    lengths: Sequence[int] | None,
) -> np.ndarray:
    """Divide the frames by k-means in the slow coordinates of the logits of q(y|x).

    The logits still vary where the probabilities are 0 or 1, so frames within a component are
    distinguished.

    Parameters
    ----------
    components, probabilities, lag, lengths
        As in `gap_of`.

    Returns
    -------
    ndarray of int64 of shape (n_frames,)
        Microstate of each frame, -1 for a frame without a component.
    """
    lengths = checked_lengths(lengths, len(components))
    logits = np.log(np.maximum(probabilities, _SMALLEST, dtype=np.float64))
    logits -= logits.mean(axis=1, keepdims=True)
    there = components >= 0
    pairs = LaggedPairs.within(lengths, lag, there)
    begins = np.flatnonzero(pairs.has_partner)
    if not len(begins) or not np.ptp(logits[there], axis=0).any():
        return components
    tica = Tica.fit([(logits[begins], logits[begins + lag])], lag, _DIM)
    weights = np.clip(tica.autocorrelation, 0.0, 1.0)
    slow = (logits - tica.mean) @ (tica.projection * weights)
    k = probabilities.shape[1]
    n = min(max(_FEWEST, _PER_COMPONENT * k), max(k + 1, len(begins) // (_PAIRS * lag)))
    chosen = np.flatnonzero(there)
    chosen = chosen[:: max(1, len(chosen) // _CLUSTERED)]
    n = min(n, len(np.unique(slow[chosen], axis=0)))
    with threadpool_limits(1, "openmp"):
        # With several threads, the order of summation and so the last bits would be random.
        clusters = KMeans(n, n_init=1, random_state=0).fit(slow[chosen])
    return np.where(there, clusters.predict(slow), -1)


def _eigenvalues(labels: np.ndarray, lag: int, lengths: Sequence[int] | None) -> np.ndarray:
    """Return the eigenvalues without the stationary one, the slowest first.

    Each connected set has a stationary process; those of other sets than the first count as
    infinitely slow.
    """
    counts = with_ways_back(count_matrix(labels, lag, lengths), lag)
    sets = [s for s in connected_sets(counts) if counts[s].any()]
    values = [MarkovModel.fit(counts, lag, states).eigenvalues for states in sets]
    return np.asarray(np.sort(np.concatenate(values))[::-1][1:])
