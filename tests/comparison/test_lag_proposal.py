"""The proposed lag time is where implied timescales stop rising, if they do."""

import numpy as np
import pytest

from mdgmvae.comparison import propose_lag
from mdgmvae.comparison.lag_proposal import ProposedLag, plateaus
from mdgmvae.data.processes import rings, white_noise
from mdgmvae.errors import InputError
from mdgmvae.kinetics.timescales import ImpliedTimescales


def timescales(lags, *processes, dt=1.0):
    values = dt * np.array(processes, float).T
    unit = "frames" if dt == 1 else "ps"
    return ImpliedTimescales(np.array(lags), values, values, values, dt, unit, np.ones(len(lags)))


@pytest.mark.parametrize("dt", [1.0, 0.5])
def test_plateau_begins_where_timescales_stay_up_to_twice_the_lag(dt):
    lags = [1, 2, 4, 8, 16]
    rising = [60, 75, 90, 95, 97]
    assert plateaus(timescales(lags, rising, dt=dt)) == {4: 1, 8: 1}
    # The second process still rises at 4, and is shorter than twice the lag from 8 on.
    assert plateaus(timescales(lags, rising, [5, 7, 12, 15, 15], dt=dt)) == {8: 1}
    # Timescales in proportion to the lag time are noise.
    assert plateaus(timescales(lags, [0.4, 0.8, 1.6, 3.2, 6.4], dt=dt)) == {}
    # A drift: they are long, but never stay.
    assert plateaus(timescales(lags, [10, 20, 40, 80, 160], dt=dt)) == {}
    assert plateaus(timescales(lags, [np.inf] * 5, dt=dt)) == {1: 1, 2: 1, 4: 1, 8: 1}


def test_known_chain_has_its_plateau_from_the_first_lag():
    """The eigenvalue of two states is 1 minus both probabilities of leaving."""
    data = rings(8_000, seed=1)
    left = [(data.labels[1:] != s)[data.labels[:-1] == s].mean() for s in (0, 1)]
    known = -2.0 / np.log(1 - sum(left))  # in ps
    found = propose_lag(data.X, lags=[2, 5, 7, 10], dt=2.0)
    assert found.lag == 5
    assert found.timescales.timescales[1, 0] == pytest.approx(known, rel=0.1)
    assert found.title.startswith("lag time 5 frames (10 ps): the slowest timescale stays")
    assert [line.split()[:2] for line in found.text().splitlines() if "*" in line] == [["*", "5"]]
    earlier = propose_lag(data.X, lags=[2, 3, 4], dt=2.0)
    assert earlier.lag == 2  # nothing from 5 on was tried


def test_noise_has_no_lag():
    found = propose_lag(white_noise(3_000, 0).X, lags=[1, 2, 4, 8])
    assert found.lag is None
    assert found.title.startswith("no lag time is proposed: no process is slower than twice")


def test_timescales_that_never_stay_are_said():
    found = timescales([1, 2, 4], [10, 20, 40])
    shown = ProposedLag(None, "they rise", found)
    assert repr(shown).splitlines()[0] == "no lag time is proposed: they rise"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lags": []}, r"lags=\[\]"),
        ({"lags": [0]}, "lags=0"),
        ({"lags": [5, 400]}, "lags=400"),
        ({"shortest": 0}, "shortest=0"),
        ({"lengths": [3]}, "lengths="),
    ],
)
def test_arguments_that_cannot_be_used(arguments, message):
    with pytest.raises(InputError, match=message):
        propose_lag(white_noise(300, 0).X, **arguments)
