"""Pairs of frames one lag apart lie in one segment and contain no held-out frame."""

import numpy as np
import pytest

from mdgmvae.errors import InputError
from mdgmvae.training.dataset import Dataset
from mdgmvae.training.lagged_pairs import LaggedPairs


def plain(lengths, lag, keep):
    """Find the pairs frame by frame: both frames in one segment, both kept."""
    segment = np.repeat(np.arange(len(lengths)), lengths)
    n = len(segment)
    return np.array(
        [
            t + lag < n and segment[t] == segment[t + lag] and bool(keep[t] and keep[t + lag])
            for t in range(n)
        ]
    )


@pytest.mark.parametrize("seed", range(20))
def test_partners_are_of_the_same_segment(seed):
    rng = np.random.default_rng(seed)
    lengths, lag = rng.integers(1, 12, rng.integers(1, 8)).tolist(), int(rng.integers(1, 8))
    keep = rng.random(sum(lengths)) < 0.9
    expected = plain(lengths, lag, keep)
    if expected.any():
        np.testing.assert_array_equal(LaggedPairs.within(lengths, lag, keep).has_partner, expected)
    else:
        with pytest.raises(InputError, match=rf"lag={lag}: no continuous segment"):
            LaggedPairs.within(lengths, lag, keep)


def test_segments_that_are_held_out_may_have_no_pair():
    keep = np.zeros(16, bool)
    keep[10:] = True
    assert LaggedPairs.within_or_none([10, 3, 3], 5, keep) is None
    assert LaggedPairs.within_or_none([10, 3, 3], 5).n_pairs == 5


def test_chunks_hold_every_pair_once(monkeypatch):
    monkeypatch.setattr("mdgmvae.training.dataset.BLOCK_BYTES", 256)
    values = np.arange(500, dtype=np.float32)[:, None]
    pairs = LaggedPairs.within([120, 3, 377], lag=4)
    chunks = list(pairs.chunks(Dataset(values)))
    assert len(chunks) > 5
    earlier, later = (np.concatenate(part)[:, 0] for part in zip(*chunks, strict=True))
    np.testing.assert_array_equal(earlier, np.flatnonzero(pairs.has_partner))
    np.testing.assert_array_equal(later, earlier + 4)
