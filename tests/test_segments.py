"""Segments end where frame numbers or times say that the trajectory is not continuous."""

import numpy as np
import pytest

from mdgmvae.segments import continuous_lengths

DROPPED = np.delete(np.arange(200.0), 100)


def lengths_of(times, frames=None, index=None, joined=False):
    times = np.asarray(times, float)
    frames = np.arange(len(times)) if frames is None else np.asarray(frames)
    index = np.zeros(len(times), int) if index is None else np.asarray(index)
    return continuous_lengths(frames, index, times, joined)


def stored(start, step, n):
    """Times as an XTC file stores them, in single precision."""
    return (start + step * np.arange(n)).astype(np.float32).astype(float)


@pytest.mark.parametrize(
    ("frames", "lengths"),
    [
        ([0, 1, 2, 10, 11, 12], (3, 3)),
        ([0, 1, 2, 3, 10, 20, 30], (4, 3)),
        ([5, 3, 9], (1, 2)),
        ([9, 8, 7], (1, 1, 1)),
        ([3, 3], (1, 1)),
        ([4], (1,)),
    ],
)
def test_segments_end_where_the_frame_step_changes(frames, lengths):
    assert lengths_of(np.full(len(frames), np.nan), frames) == lengths
    assert lengths_of(0.5 * np.array(frames), frames) == lengths


@pytest.mark.parametrize(
    ("times", "lengths"),
    [
        # Runs that were joined into one file.
        ([0, 1, 2, 0, 1, 2, 0, 1, 2], (3, 3, 3)),
        ([0, 1, 2, 1, 2, 3], (3, 3)),
        ([0, 1, 2, 2, 3, 4], (3, 3)),
        ([0, 1, 2, 7, 8, 9], (3, 3)),
        ([0, 1, 3, 4, 6, 7, 9], (2, 2, 2, 1)),
        # Another output interval, and a frame that is missing.
        ([0, 1, 2, 12, 22, 32], (3, 3)),
        ([0, 1, 2, 4, 5, 6], (3, 3)),
        # The odd frame belongs to no segment, rather than to a pair far apart.
        ([0, 10, 11, 12], (1, 3)),
        ([0, 1, 2, 5, 9, 10, 11, 12], (3, 1, 4)),
        ([0, 0, 1, 2, 3], (1, 4)),
        ([0, 1, 2, 50, 90], (3, 1, 1)),
        # Times that do not increase, or are unknown.
        ([3, 2, 1], (1, 1, 1)),
        ([4, 4, 4], (1, 1, 1)),
        ([np.nan] * 4, (4,)),
        ([7], (1,)),
        # Rounded times, as in text files.
        ([0, 0.333, 0.667, 1.0, 1.333], (5,)),
    ],
)
def test_segments_end_where_the_time_step_changes(times, lengths):
    assert lengths_of(times) == lengths


@pytest.mark.parametrize("start", [0.0, 1e5, 1e6, 2.0**20 - 60, 1e7])
@pytest.mark.parametrize("step", [0.02, 0.1, 1.0, 50.0])
def test_rounding_of_sound_times_ends_no_segment(start, step):
    """At 1 microsecond, single precision has steps of 0.0625 ps."""
    times = stored(start, step, 2_000)
    assert lengths_of(times) == (2_000,)
    # A few frames within one such step have the same time.
    for n in (2, 3, 7):
        assert times[n - 1] == times[0] or lengths_of(times[:n]) == (n,)


def test_times_that_add_up_rounding_errors_end_no_segment():
    times = np.cumsum(np.full(20_000, 0.1, np.float32), dtype=np.float32)
    assert lengths_of(times) == (20_000,)


def test_breaks_are_found_among_rounded_times():
    times = stored(1e6, 0.1, 1_000)
    assert lengths_of(np.delete(times, 500)) == (500, 499)
    slower = stored(1e6 + 49.9 + 0.2, 0.2, 300)
    assert lengths_of(np.concatenate([times[:500], slower])) == (500, 300)


@pytest.mark.parametrize("step", [1, 7, 30])
def test_one_missing_frame_is_found_at_any_step(step):
    frames = np.arange(len(DROPPED))[::step]
    before = int((frames < 100).sum())
    assert lengths_of(DROPPED[::step], frames) == (before, len(frames) - before)


def test_files_and_times_end_segments_independently():
    times, index = [0, 1, 2, 3, 4, 9, 10], [0, 0, 0, 1, 1, 1, 1]
    assert lengths_of(times, index=index) == (3, 2, 2)
    assert lengths_of(times, index=index, joined=True) == (5, 2)
    # Times of one file are unknown.
    assert lengths_of([0, 1, 5, np.nan, np.nan, 7, 8], index=[0, 0, 0, 1, 1, 2, 2]) == (2, 1, 2, 2)


def test_many_runs_in_one_file():
    assert lengths_of(np.tile(np.arange(25.0), 120)) == (25,) * 120
