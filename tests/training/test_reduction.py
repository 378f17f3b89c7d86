"""Few frames of many columns: noise must not look slow, and slow columns must be found."""

import numpy as np
import pytest

from mdgmvae.presets import Hyperparameters
from mdgmvae.training.dataset import Dataset
from mdgmvae.training.held_out import Split
from mdgmvae.training.lagged_pairs import LaggedPairs
from mdgmvae.training.preparation import prepare
from mdgmvae.training.reduction import Reduction
from mdgmvae.training.tica import Tica

LAG = 5


def fit_wide(x, pairs):
    data = Dataset(x)
    reduction = Reduction.of(data, pairs, as_they_are)
    return Tica.fit_wide(data, pairs, as_they_are, reduction, lambda: x)


def as_they_are(frames):
    return frames


def tica_of(x, lengths=None):
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    pairs = LaggedPairs.within(lengths or [len(x)], LAG)
    tica = fit_wide(x, pairs)
    return tica, (x - tica.mean) @ tica.projection


def autoregressive(n_frames, n_columns, time, seed=0):
    """Independent columns whose autocorrelation decays as exp(-t / time)."""
    rng = np.random.default_rng(seed)
    r = np.exp(-1 / time)
    x = rng.normal(size=(n_frames, n_columns))
    for t in range(1, n_frames):
        x[t] = r * x[t - 1] + np.sqrt(1 - r**2) * x[t]
    return x


@pytest.mark.parametrize(("n_frames", "n_columns"), [(98, 852), (200, 150), (1000, 400)])
@pytest.mark.parametrize("seed", [0, 1])
def test_noise_does_not_outlive_the_lag(n_frames, n_columns, seed):
    """All of these had an autocorrelation of 0.8 and more."""
    noise = np.random.default_rng(seed).normal(size=(n_frames, n_columns))
    tica, _ = tica_of(noise)
    assert tica.autocorrelation[0] < 0.45


def test_correlated_noise_has_fewer_independent_frames():
    noise = autoregressive(600, 300, time=2.0)
    pairs = LaggedPairs.within([600], LAG)
    # sum over s of exp(-2 |s| / 2), Bartlett's factor, is coth(1 / 2) = 2.16.
    expected = np.exp(-2) / 2 * 595 / 2.164
    found = Reduction.of(Dataset(noise.astype(np.float32)), pairs, as_they_are)
    assert found.n_directions == pytest.approx(expected, abs=1.5)


def test_slow_noise_counts_one_frame_in_a_lag():
    ramp = np.linspace(-1, 1, 400)[:, None] * np.ones(60) + 1e-3 * autoregressive(400, 60, 1.0)
    pairs = LaggedPairs.within([400], LAG)
    found = Reduction.of(Dataset(ramp.astype(np.float32)), pairs, as_they_are)
    assert found.n_directions == int(np.exp(-2) / 2 * 395 / LAG)


def test_directions_slower_than_the_columns_are_fewer():
    """A few slow processes fill all directions: then one frame in a lag counts, not each."""
    rng = np.random.default_rng(0)
    slow = autoregressive(300, 8, 40.0) @ rng.normal(size=(8, 500))
    x = slow + 6.0 * rng.normal(size=slow.shape)
    pairs = LaggedPairs.within([300], LAG)
    assert Reduction.of(Dataset(x.astype(np.float32)), pairs, as_they_are).n_directions > 12
    tica, _ = tica_of(x)
    most = np.exp(-2) / 2 * 295 / np.array([LAG, 1.0])
    assert int(most[0]) <= tica.projection.shape[1] < most[1] / 2


@pytest.mark.parametrize("kind", ["beside", "mixed"])
def test_a_slow_process_among_500_columns_is_found(kind):
    """The slow column is one of 500, or is a small part of all of them."""
    rng = np.random.default_rng(3)
    slow = 2.0 * (np.cumsum(rng.random(500) < 0.03) % 2) - 1
    x = rng.normal(size=(500, 500))
    if kind == "beside":
        x[:, 77] = slow + 0.3 * x[:, 77]
    else:
        x += 0.4 * slow[:, None] * rng.choice([-1, 1], 500)
    _, coordinates = tica_of(x)
    assert abs(np.corrcoef(coordinates[:, 0], slow)[0, 1]) > 0.85


def test_labels_of_a_passage_do_not_repeat_with_the_lag():
    """One way from A to B in 98 frames of 2,000 columns: a single change, not one every frame."""
    rng = np.random.default_rng(1)
    progress = np.tanh(np.linspace(-3, 3, 98))
    x = progress[:, None] * rng.normal(size=2000) + rng.normal(size=(98, 2000))
    _, coordinates = tica_of(x)
    side = coordinates[:, 0] > 0
    assert np.count_nonzero(side[1:] != side[:-1]) <= 3


def test_many_frames_are_left_as_they_are():
    """Above 15 lags of frames for each column the covariances are those of all columns."""
    x = autoregressive(3000, 40, 3.0).astype(np.float32)
    pairs = LaggedPairs.within([3000], LAG)
    assert not Reduction.of(Dataset(x), pairs, None).is_needed  # no frame is read
    direct = Tica.fit([(x[:-LAG], x[LAG:])], LAG)
    wide = fit_wide(x, pairs)
    np.testing.assert_array_equal(direct.projection, wide.projection)


def test_pairs_are_those_of_the_segments():
    """Twenty short segments: columns that differ between segments only are the slowest."""
    rng = np.random.default_rng(2)
    of_segment = np.repeat(rng.normal(size=20), 15)
    x = rng.normal(size=(300, 120))
    x[:, 5] = of_segment + 0.1 * x[:, 5]
    tica, _ = tica_of(x, [15] * 20)
    assert np.abs(tica.projection[:, 0]).argmax() == 5


def test_constant_columns_and_few_frames():
    x = np.zeros((30, 400), np.float32)
    x[:, 3] = np.arange(30)
    tica = fit_wide(x, LaggedPairs.within([30], 2))
    assert tica.projection.shape[1] == 1
    assert np.flatnonzero(tica.projection[:, 0]).tolist() == [3]


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(size=(98, 300)).astype(np.float32)


def prepared(x, **given):
    hyperparameters = Hyperparameters.of("robust", **given)
    return prepare(Dataset(x), [len(x)], Split.train_on_all(len(x)), hyperparameters, 0, [0])


def test_inputs_of_the_network_are_those_that_the_frames_support(noise):
    found = prepared(noise)
    assert found.architecture.n_x == found.scaling.n_x == 6
    (said,) = found.problems
    assert "98 frames are few for 300 features at a lag of 5 frames" in said


def test_a_kinetic_term_of_too_many_features_is_warned_of(noise):
    assert prepared(noise, scale="standard", vamp_weight=0.0).problems == []
    (said,) = prepared(noise, scale="standard").problems
    assert "with vamp_weight=1.5 noise may look like states" in said


def test_many_frames_are_not_warned_of(noise):
    assert prepared(noise.reshape(-1, 3)).problems == []
