"""Between ps and rows, where trajectories have one time step and where they have several."""

import numpy as np
import pytest

from mdgmvae import FeatureSet
from mdgmvae.errors import InputError
from mdgmvae.trajectory.lag_time import lag_in_rows, time_step, warn_of_several_steps


def features(tmp_path, *steps):
    """A feature file of pieces of 20 rows with these time steps."""
    np.save(tmp_path / "x.npy", np.zeros((20 * len(steps), 1), np.float32))
    given = vars(FeatureSet.load(tmp_path / "x.npy"))
    times = np.concatenate([step * np.arange(20) for step in steps])
    return FeatureSet(**{**given, "times": times, "lengths": (20,) * len(steps)})


def test_one_time_step_gives_rows(tmp_path):
    assert lag_in_rows(20.0, features(tmp_path, 2.0, 2.0)) == 10
    # Times that were written with few digits.
    assert lag_in_rows(20.0, features(tmp_path, 2.0, 2.001)) == 10


def test_two_time_steps_are_no_lag_time(tmp_path):
    """10 rows would be 20 ps in the one and 100 ps in the other."""
    both = features(tmp_path, 2.0, 10.0)
    assert time_step(both.times, both.lengths) is None
    with pytest.raises(InputError, match="lag_time=20: the time between frames is 2 ps in one"):
        lag_in_rows(20.0, both)


def test_a_lag_in_rows_that_is_several_times_is_told(tmp_path):
    with pytest.warns(UserWarning, match="lag=5: the time between frames is 2 ps in one piece"):
        warn_of_several_steps(5, features(tmp_path, 2.0, 10.0))


@pytest.mark.parametrize("steps", [(np.nan,), (0.0,), (-2.0,)])
def test_times_that_do_not_rise_are_no_times(tmp_path, steps):
    with pytest.raises(InputError, match="have no times that rise; give lag, in rows"):
        lag_in_rows(20.0, features(tmp_path, *steps))
