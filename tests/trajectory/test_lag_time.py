"""Lag times in ps and in frames, for trajectories with one time step and with several."""

from dataclasses import replace

import numpy as np
import pytest

from mdgmvae import FeatureSet
from mdgmvae.errors import InputError
from mdgmvae.trajectory.lag_time import (
    checked_lag_time,
    lag_in_frames,
    time_step,
    warn_of_different_steps,
)


def features(tmp_path, *steps):
    """A feature file with one segment of 20 frames for each time step."""
    np.save(tmp_path / "x.npy", np.zeros((20 * len(steps), 1), np.float32))
    stored = FeatureSet.load(tmp_path / "x.npy")
    times = np.concatenate([step * np.arange(20) for step in steps])
    return replace(stored, times=times, lengths=(20,) * len(steps))


def test_a_lag_time_is_a_number_of_frames(tmp_path):
    assert lag_in_frames(20.0, features(tmp_path, 2.0, 2.0)) == 10
    # Times that were written with only a few digits.
    assert lag_in_frames(20.0, features(tmp_path, 2.0, 2.001)) == 10


def test_different_time_steps_have_no_common_lag_time(tmp_path):
    """10 frames would be 20 ps in one segment and 100 ps in the other."""
    both = features(tmp_path, 2.0, 10.0)
    assert time_step(both.times, both.lengths) is None
    with pytest.raises(InputError, match="lag_time=20: the time between frames is 2 ps in one"):
        lag_in_frames(20.0, both)


def test_a_lag_in_frames_warns_of_different_time_steps(tmp_path):
    with pytest.warns(UserWarning, match="lag=5: the time between frames is 2 ps in one segment"):
        warn_of_different_steps(5, features(tmp_path, 2.0, 10.0))


def test_a_lag_time_between_two_frames_warns(tmp_path):
    with pytest.warns(UserWarning, match=r"lag_time=21 ps is not a multiple .*; 20 ps is used"):
        assert lag_in_frames(21.0, features(tmp_path, 2.0)) == 10


def test_a_lag_time_below_the_time_step_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"lag_time=0.5 ps: shorter than .* 2 ps; use a multiple"):
        lag_in_frames(0.5, features(tmp_path, 2.0))


@pytest.mark.parametrize("steps", [(np.nan,), (0.0,), (-2.0,)])
def test_times_that_do_not_increase_are_unknown(tmp_path, steps):
    with pytest.raises(InputError, match="unknown or do not increase; set lag, in frames"):
        lag_in_frames(20.0, features(tmp_path, *steps))


@pytest.mark.parametrize("lag_time", [0, -1.0, np.inf, "10", True, [1, 2]])
def test_a_lag_time_is_a_positive_number(lag_time):
    with pytest.raises(InputError, match="must be a time in ps, above 0"):
        checked_lag_time(lag_time, {})
