"""The threshold lies below frames of the same kind, and above frames of another kind."""

import numpy as np
import pytest

from mdgmvae import GMVAE
from mdgmvae.model.score_threshold import threshold_of


@pytest.mark.parametrize("n_frames", [100, 1000, 4096])
@pytest.mark.parametrize("n_dimensions", [1, 3, 10])
def test_frames_of_the_same_gaussian_are_not_below(n_frames, n_dimensions):
    """Minus half a chi-square is the log-density of a Gaussian, but for a constant."""
    rng = np.random.default_rng(n_frames + n_dimensions)
    of_training, other = (-rng.chisquare(n_dimensions, n) / 2 for n in (n_frames, 200_000))
    threshold = threshold_of(of_training)
    assert np.mean(other < threshold) < 1e-4
    assert threshold > -0.5 * 10.0**2  # ten standard deviations away in one dimension


def test_one_odd_frame_in_the_training_does_not_hide_others():
    scores = -np.random.default_rng(0).exponential(1.0, 4096)
    assert -50 < threshold_of(np.append(scores, -200.0)) < threshold_of(scores)


def test_equal_scores_leave_room_for_rounding():
    assert threshold_of(np.full(500, 3.0, np.float32)) < 2.0


def test_scores_that_are_no_numbers_are_left_out():
    scores = np.linspace(-3, 3, 30)
    assert threshold_of(np.append(scores, [np.nan, -np.inf])) == threshold_of(scores)


def test_a_few_frames_do_not_tell_how_rare_low_scores_are():
    scores = -np.random.default_rng(0).exponential(1.0, 20)
    assert threshold_of(scores) is not None
    assert threshold_of(np.append(scores[:19], np.nan)) is None


@pytest.mark.slow
def test_frames_of_a_well_that_was_not_visited_are_marked(five_wells, fitted):
    x = five_wells[0]
    assert np.mean(fitted.unlike_training(x[::4])) < 1e-3
    far = x[:50] + np.float32(30)
    marks = fitted.unlike_training(far)
    assert marks.dtype == bool and marks.all()
    assert (fitted.score_samples(far) < fitted.score_threshold_).all()


@pytest.mark.slow
def test_the_threshold_is_saved(five_wells, tmp_path):
    x = five_wells[0][:300]
    model = GMVAE(k=2, n_epochs=1, seed=1).fit(x)
    assert isinstance(model.score_threshold_, float)
    model.save(tmp_path / "model")
    loaded = GMVAE.load(tmp_path / "model")
    assert loaded.score_threshold_ == model.score_threshold_
    np.testing.assert_array_equal(loaded.unlike_training(x), model.unlike_training(x))


def test_without_a_threshold_no_frame_is_marked(reference_model):
    """A model of the paper's code comes without the frames of its training."""
    assert reference_model.score_threshold_ is None
    assert not reference_model.unlike_training(np.full((3, 2), 50.0, np.float32)).any()
