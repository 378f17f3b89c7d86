"""Training through the public interface: kinetics, targets, restarts, schedules."""

import numpy as np
import pytest
from alanine_basins import dihedrals, metastable
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.errors import InputError
from mdgmvae.kinetics import vamp2
from mdgmvae.training.loop import best
from mdgmvae.training.state import RestartResult

#: One start without refit is quick, and the final weights are those of the last epoch.
QUICK = {"k": 3, "n_epochs": 4, "n_init": 1, "refit": False, "seed": 0, "verbose": False}
PLAIN = {**QUICK, "validation_fraction": 0.0, "patience": None}


def robust(**changes):
    return GMVAE.from_preset("robust", **{**QUICK, **changes})


def soft_vamp2(q, lag, lengths):
    """Return VAMP-2 of probabilities over all pairs within the segments, in plain NumPy."""
    segments = np.split(q.astype(np.float64), np.cumsum(lengths)[:-1])
    q0, q1 = (
        np.concatenate([segment[part] for segment in segments])
        for part in (slice(None, -lag), slice(lag, None))
    )
    ridge = 2.0 / len(q0) * np.eye(q.shape[1])
    c00, c01, c11 = (a.T @ b / len(q0) for a, b in ((q0, q0), (q0, q1), (q1, q1)))
    return np.trace(np.linalg.inv(c00 + ridge) @ c01 @ np.linalg.inv(c11 + ridge) @ c01.T)


@pytest.fixture(scope="module")
def left_handed():
    """Return dihedrals and basins of alanine dipeptide around its only visit to phi > 0."""
    angles = np.radians(dihedrals()[2000:11_000])
    return np.hstack([np.cos(angles), np.sin(angles)]).astype(np.float32), metastable()[2000:11_000]


@pytest.fixture
def alternating():
    """Return frames of two clouds, between which the trajectory alternates every frame."""
    rng = np.random.default_rng(0)
    side = np.where(np.arange(3000) % 2, 2.0, -2.0)
    return np.stack([side, side], axis=1).astype(np.float32) + rng.normal(
        scale=0.3, size=(3000, 2)
    ).astype(np.float32)


@pytest.mark.slow
def test_history_has_the_vamp2_of_all_pairs(five_wells):
    x, lengths = five_wells[0][:4000], [1000, 4, 2000, 996]
    model = robust(**PLAIN).fit(x, lengths=lengths)
    lengths = [n for n in lengths if n > model.lag]
    keep = np.r_[0:1000, 1004:4000]
    q = model.predict_proba(x)[keep]
    assert model.history_["vamp2"][-1] == pytest.approx(soft_vamp2(q, 5, lengths), abs=2e-3)
    assert "val_loss" not in model.history_


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the loss was still decreasing")
def test_kinetics_find_from_a_random_start_what_the_density_does_not(left_handed):
    """The slow state has 7 % of the frames."""
    x, basins = left_handed
    found = {}
    for weight in (0.0, 1.5):
        settings = {"k": 4, "n_z": 2, "n_epochs": 15, "lr": 2e-3, "batch_size": 200, "seed": 0}
        model = GMVAE(**settings, scale="standard", vamp_weight=weight, lag=5).fit(x)
        states = model.predict_states(x)
        found[weight] = adjusted_rand_score(basins, states), vamp2(model.predict(x), lag=5)
    assert found[1.5][0] > 0.97 > found[0.0][0]
    assert found[1.5][1] > 2.3 > found[0.0][1] + 0.1


@pytest.mark.slow
def test_shuffled_time_scores_nothing(five_wells):
    """Without dynamics the score is 1, without the bias (k - 1)^2 / n = 0.16 of a batch."""
    x = np.random.default_rng(0).permutation(five_wells[0][:8000])
    model = robust(**PLAIN | {"k": 5, "batch_size": 100}).fit(x)
    assert model.history_["vamp2"][-1] == pytest.approx(1.0, abs=0.05)


@pytest.mark.slow
def test_segments_are_not_joined(five_wells):
    x = five_wells[0][:4000]
    whole, cut = (
        robust(**PLAIN).fit(x, lengths=lengths).predict_proba(x) for lengths in ([4000], [10] * 400)
    )
    assert np.abs(whole - cut).max() > 1e-3


def test_without_pairs_there_is_no_kinetic_term(five_wells):
    with pytest.raises(InputError, match=r"lag=5: no continuous segment .*vamp_weight=0"):
        robust().fit(five_wells[0][:3000], lengths=[5] * 600)
    with pytest.raises(InputError, match=r"lag=500000000: no continuous segment"):
        robust(lag=500_000_000).fit(five_wells[0])
    for needs in ({"vamp_weight": 1.0}, {"decoder_target": "lagged"}, {"scale": "tica"}):
        with pytest.raises(InputError, match=r"lag: .*needs pairs of frames"):
            GMVAE(**needs).fit(five_wells[0])


@pytest.mark.slow
def test_lagged_decoder_predicts_the_frame_one_lag_later(alternating):
    settings = {"k": 2, "lr": 3e-3, "batch_size": 100, "n_epochs": 10, "seed": 0}
    same, lagged = (
        GMVAE(**settings, lag=1, decoder_target=target).fit(alternating).reconstruct(alternating)
        for target in ("same", "lagged")
    )
    assert np.abs(same - alternating).mean() < 0.5
    assert np.abs(lagged[:-1] - alternating[1:]).mean() < 0.5
    assert np.abs(lagged - alternating).mean() > 3.0


@pytest.mark.slow
def test_terms_combine_freely(five_wells):
    x = five_wells[0][:3000]
    settings = {"lag": 3, "vamp_weight": 2.0, "decoder_target": "lagged", "kl": "analytic"}
    settings |= {"r_nent_start": 1.0, "lr_schedule": "cosine", "validation_fraction": 0.2}
    model = GMVAE(k=3, n_z=2, n_init=2, scale="standard", seed=0, n_epochs=3, **settings).fit(x)
    assert all(np.isfinite(values).all() for values in model.history_.values())
    assert len(model.history_["val_loss"]) == len(model.history_["val_vamp2"]) == 3
    assert model.history_["r_nent"][0] == 1.0 and model.history_["r_nent"][-1] < 0.5


@pytest.mark.slow
def test_restarts_see_the_same_batches_and_the_best_is_kept(five_wells, monkeypatch):
    """The kept one is, among all that were trained, the one with the lowest validation loss."""
    x = five_wells[0][:4000]
    trained = []
    monkeypatch.setattr(
        "mdgmvae.training.loop.best", lambda found: trained.extend(found) or best(found)
    )
    settings = {"n_epochs": 4, "anneal": 0.25, "init": "random", "lr": 3e-3}
    kept = robust(**settings, n_init=3).fit(x)
    lowest = [min(one.history["val_loss"][1:]) for one in trained]
    assert len(set(lowest)) == 3
    assert min(kept.history_["val_loss"][1:]) == min(lowest)
    alone = robust(**settings, n_init=1).fit(x)
    assert trained[0].history["loss"] == alone.history_["loss"]


@pytest.mark.parametrize("at", range(3))
def test_the_lowest_loss_that_is_finite_is_kept(at):
    found = [RestartResult(np.zeros(1), {}, 3.0, 1, n) for n in range(3)]
    found[at] = RestartResult(np.zeros(1), {}, 2.0, 1, at)
    found[at - 1] = RestartResult(np.zeros(1), {}, 1.0, 1, at - 1, diverged=True)
    assert best(found).restart == at


@pytest.mark.slow
def test_without_frames_held_out_kinetics_choose_among_restarts(five_wells):
    """The loss includes VAMP-2, as in training; without it, another restart would be chosen."""
    x = five_wells[0][:4000]
    settings = {"init": "random", "n_epochs": 3, "n_init": 3, "lr": 3e-3}
    trained = []

    def spy(found):
        trained.extend(found)
        return best(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mdgmvae.training.loop.best", spy)
        model = robust(**PLAIN | settings).fit(x)
    for one in trained:
        weight = 1.5 * np.sqrt(model.scaling_.n_x)
        expected = one.history["loss"][-1] - weight * one.history["vamp2"][-1]
        assert one.loss == pytest.approx(expected)


@pytest.mark.slow
def test_refit_trains_on_all_frames_for_as_long_as_was_best(five_wells):
    x = five_wells[0][:4000]
    settings = {"n_epochs": 8, "anneal": 0.2, "lr": 5e-3}
    once, again = (robust(**settings, refit=refit).fit(x) for refit in (False, True))
    losses = once.history_["val_loss"]
    # The weights are chosen among those after the annealing.
    best = 2 + int(np.argmin(losses[1:]))
    assert again.validation_history_["val_loss"] == pytest.approx(losses, rel=1e-4)
    assert once.validation_history_ == {}
    assert again.n_epochs_ == best
    assert "val_loss" not in again.history_


@pytest.mark.slow
def test_floor_of_the_decoder_is_kept(five_wells):
    """In scaled units, the variance of sampled x is at least the floor."""
    x = five_wells[0][:3000]
    floor = 4.0
    model = GMVAE(k=2, scale="standard", px_floor=floor, n_epochs=2, seed=0).fit(x)
    drawn, _ = model.sample(4000)
    assert (drawn.var(axis=0) > floor * x.var(axis=0)).all()


def test_paper_preset_is_what_it_was(five_wells):
    """The losses were recorded before the kinetic term existed."""
    recorded = [7.4077140625, 7.349987109375, 7.291975830078125, 7.24041748046875, 7.18244306640625]
    with pytest.warns(ConvergenceWarning, match="still decreasing"):
        model = GMVAE.from_preset("paper", n_epochs=5, seed=3).fit(five_wells[0][:5000])
    np.testing.assert_allclose(model.history_["loss"], recorded, rtol=2e-5)
    assert list(model.history_) == [
        *("epoch", "loss", "reconstruction", "latent", "negative_entropy", "r_nent", "lr"),
        "changed",
    ]
