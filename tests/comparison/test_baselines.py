"""Comparison of methods: held-out blocks do not leak into training, known states are found."""

import csv
import dataclasses
import functools

import MDAnalysis as mda
import numpy as np
import pytest
from alanine_basins import metastable
from paths import DATA

from mdgmvae import FeatureSet, plot
from mdgmvae.comparison import baselines, compare
from mdgmvae.comparison.cross_validation import folds_of_time, held_out_vamp2
from mdgmvae.comparison.methods import tica_microstates
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import featurize
from mdgmvae.kinetics import vamp2, vamp2_cross_validated

LINEAR = ["TICA + k-means + PCCA+", "PCA + Gaussian mixture", "k-means"]


@pytest.fixture(scope="module")
def wells():
    return np.load(DATA / "five_wells.npy"), np.load(DATA / "five_wells_labels.npy").astype(int)


@pytest.fixture(scope="module")
def alanine():
    """Return cosines and sines of phi and psi, and the states, around the visit to phi > 0."""
    features = featurize(mda.Universe(*alanine_dipeptide()), "dihedrals", verbose=False)
    return features.values[4_000:12_000], metastable()[4_000:12_000]


@pytest.fixture(scope="module")
def on_alanine(alanine):
    X, states = alanine
    return compare(
        X, lag=5, n_states=3, methods=LINEAR, seeds=(0, 1), dt=2.0, reference=states, verbose=False
    )


def telegraph(n, p=0.02, seed=0):
    """Return labels of two states whose VAMP-2 is known: 1 + (1 - 2 p)^(2 lag)."""
    return np.cumsum(np.random.default_rng(seed).random(n) < p) % 2


def test_folds_cover_each_frame_once_and_keep_a_lag_away():
    lengths = (5_000, 3_000, 2_000)
    folds = folds_of_time(lengths, lag=7, n_folds=4)
    assert (np.sum([fold.test for fold in folds], axis=0) == 1).all()
    segment_of = np.repeat([0, 1, 2], lengths)
    for fold in folds:
        train, test = np.flatnonzero(fold.train), np.flatnonzero(fold.test)
        assert np.abs(train[:, None] - test[None, :]).min() == 8
        assert sum(fold.train_lengths) == len(train)
        for rows in np.split(train, np.cumsum(fold.train_lengths)[:-1]):
            assert (np.diff(rows) == 1).all() and len(set(segment_of[rows])) == 1


def test_methods_see_the_training_frames_only_and_in_their_segments():
    n, lag = 4_000, 3
    X = np.arange(n, dtype=np.float32)[:, None]
    calls = []

    def spy(X, lengths, lag, n_states, seed):
        calls.append((X[:, 0].astype(int), lengths, seed))
        return lambda rows: (rows[:, 0] > n / 2).astype(int)

    compare(X, lag=lag, lengths=(2_500, 1_500), n_states=2, methods={"spy": spy}, seeds=(4, 9))
    folds = folds_of_time((2_500, 1_500), lag=lag)
    assert [seed for *_, seed in calls] == [4, 9, 4, 9, 4, 9, 4]
    for rows, lengths, _ in calls[:2]:
        assert len(rows) == n and lengths == (2_500, 1_500)
    for (rows, lengths, _), fold in zip(calls[2:], folds, strict=True):
        np.testing.assert_array_equal(rows, np.flatnonzero(fold.train))
        assert lengths == fold.train_lengths


def test_what_was_learnt_by_heart_scores_nothing_on_frames_held_out():
    X = np.random.default_rng(0).normal(size=(5_000, 1)).astype(np.float32)

    def by_heart(X, lengths, lag, n_states, seed):
        order = np.argsort(X[:, 0])
        states = telegraph(len(X))[order]
        return lambda rows: states[
            np.clip(np.searchsorted(X[order, 0], rows[:, 0]), 0, len(order) - 1)
        ]

    found = compare(X, lag=2, n_states=2, methods={"by heart": by_heart}, verbose=False)
    row = found.rows[0]
    assert row.vamp2 > 1.8
    assert row.cv_mean < 1.05


def test_held_out_score_is_that_of_the_chain():
    states = telegraph(100_000)
    folds = folds_of_time([100_000], lag=5)
    scores = [held_out_vamp2(states, fold, lag=5, lengths=[100_000]) for fold in folds]
    assert np.mean(scores) == pytest.approx(1 + 0.96**10, abs=0.02)
    known = vamp2_cross_validated(states, lag=5)
    np.testing.assert_allclose(scores, known.scores, atol=1e-9)


def test_state_that_was_not_learnt_adds_nothing():
    """The singular functions of the training blocks do not contain the third state."""
    states = telegraph(20_000)
    fold = folds_of_time([20_000], lag=5)[0]
    unseen = np.where(fold.test & (np.arange(20_000) % 4_000 < 200), 2, states)
    lengths = [20_000]
    score = held_out_vamp2(states, fold, lag=5, lengths=lengths)
    assert held_out_vamp2(unseen, fold, lag=5, lengths=lengths) < score + 0.05


@pytest.mark.slow
def test_known_states_of_alanine_dipeptide(on_alanine, alanine):
    tica, mixture, kmeans = on_alanine.rows
    assert [row.n_states for row in on_alanine.rows] == [3, 3, 3]
    assert tica.vamp2 > 2.37 and tica.reference > 0.97
    assert mixture.vamp2 > 2.36
    # k-means does not place the border on the barrier.
    assert 2.2 < kmeans.vamp2 < 2.32 and kmeans.reference < tica.reference - 0.05
    # Only some folds contain the state that was visited once, but all contain the other process.
    assert on_alanine.scores["TICA + k-means + PCCA+"].min() > 1.35
    for name, runs in on_alanine.labels.items():
        row = next(row for row in on_alanine.rows if row.method == name)
        assert row.vamp2 == pytest.approx(np.median([vamp2(run, lag=5) for run in runs]))


def test_agreement_and_reference_need_several_seeds_and_a_reference(on_alanine, wells):
    assert all(0.9 < row.agreement_worst <= row.agreement_median for row in on_alanine.rows)
    X, _ = wells
    row = compare(X[:2_000], lag=2, n_states=2, methods="k-means", verbose=False).rows[0]
    assert np.isnan([row.agreement_median, row.agreement_worst, row.reference]).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few epochs
def test_every_method_finds_the_wells(wells):
    X, basins = wells
    quick = {"n_epochs": 8, "n_init": 1, "refit": False, "batch_size": 200}
    methods = {
        **baselines.METHODS,
        "robust": functools.partial(baselines.METHODS["robust"], k=6, **quick),
        "VAE + k-means": functools.partial(baselines.METHODS["VAE + k-means"], **quick),
        "paper": functools.partial(baselines.METHODS["paper"], n_epochs=8, lr=2e-3, batch_size=200),
    }
    found = compare(
        X[:8_000], lag=5, n_states=5, methods=methods, n_folds=2, reference=basins[:8_000]
    )
    rows = {row.method: row for row in found.rows}
    assert list(rows) == list(baselines.METHODS)
    for name in ("TICA + k-means + PCCA+", "PCA + Gaussian mixture", "k-means", "robust"):
        assert rows[name].reference > 0.95 and rows[name].n_states == 5
        assert rows[name].cv_mean > 3
    assert rows["VAE + k-means"].reference > 0.4
    assert rows["paper"].n_states <= 5 and rows["paper"].reference > 0.3
    assert all(row.seconds > 0 for row in found.rows)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_robust_decides_how_many_states_where_nobody_says():
    X = np.float32([-4, 4])[telegraph(3_000)][:, None]
    X = X + np.random.default_rng(1).normal(size=(3_000, 2)).astype(np.float32)
    quick = functools.partial(
        baselines.METHODS["robust"], k=4, n_epochs=3, n_init=1, refit=False, batch_size=100
    )
    found = compare(
        X, lag=2, methods={"k-means": baselines.METHODS["k-means"], "robust": quick}, n_folds=3
    )
    assert found.n_states == 2
    assert [row.n_states for row in found.rows] == [2, 2]
    alone = compare(X, lag=2, k=4, methods=["k-means"], n_folds=2)
    assert alone.n_states == alone.rows[0].n_states == 4


def test_segments_come_from_the_file(wells, tmp_path):
    X = wells[0][:4_000]
    np.save(tmp_path / "whole.npy", X)
    whole = FeatureSet.load(tmp_path / "whole.npy")
    dataclasses.replace(whole, lengths=(1_500, 2_500)).save(tmp_path / "x.npy")
    known = {"lag": 5, "n_states": 2, "methods": ["k-means"]}
    by_path = compare(tmp_path / "x.npy", **known).rows[0]
    assert by_path.cv_mean == compare(X, lengths=(1_500, 2_500), **known).rows[0].cv_mean
    assert by_path.cv_mean != compare(X, **known).rows[0].cv_mean


def test_table_is_shown_and_written(on_alanine, tmp_path):
    lines = on_alanine.text().splitlines()
    assert lines[0] == "3 states, lag time 5 frames (10 ps), 2 seeds, 5 folds of blocks of time"
    head = next(i for i, line in enumerate(lines) if line.startswith("method"))
    # A long heading takes two lines.
    heads = {*" ".join(lines[1 : head + 1]).split()}
    assert heads >= {"states", "VAMP-2", "VAMP-2,", "held", "agreement", "worst", "ARI", "seconds"}
    rows = lines[head + 1 : head + 4]
    assert all(row.startswith(name) for row, name in zip(rows, LINEAR, strict=True))
    assert repr(on_alanine) == on_alanine.text()
    shown = on_alanine._repr_html_()
    assert shown.count("<tr>") == 4 and "TICA + k-means + PCCA+" in shown
    on_alanine.to_csv(tmp_path / "table.csv")
    with open(tmp_path / "table.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == LINEAR
    assert float(rows[0]["vamp2"]) == on_alanine.rows[0].vamp2


def test_differences_are_taken_fold_by_fold(on_alanine):
    mean, error = on_alanine.difference("TICA + k-means + PCCA+", "k-means")
    rows = {row.method: row for row in on_alanine.rows}
    assert mean == pytest.approx(rows[LINEAR[0]].cv_mean - rows["k-means"].cv_mean)
    scores = on_alanine.scores
    by_fold = scores[LINEAR[0]] - scores["k-means"]
    assert error == pytest.approx(by_fold.std(ddof=1) / np.sqrt(5))
    with pytest.raises(InputError, match="VAMPnet"):
        on_alanine.difference("k-means", "VAMPnet")


def test_picture_has_a_line_for_each_method(on_alanine):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    assert plot.methods(on_alanine, ax=ax) is ax
    assert [tick.get_text() for tick in ax.get_yticklabels()] == LINEAR
    assert ax.get_xlabel() == "VAMP-2\nlag time 10 ps"
    low, high = ax.get_xlim()
    assert low < min(map(min, on_alanine.scores.values()))
    assert high > max(row.vamp2 for row in on_alanine.rows)
    plt.close(figure)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"methods": ["vampnet"]}, "methods: 'vampnet' is not one of robust"),
        ({"methods": []}, "methods: there is none"),
        ({"seeds": ()}, "seeds=\\[\\]"),
        ({"lag": 0}, "lag=0"),
        ({"n_states": 1}, "n_states=1"),
        ({"n_folds": 1}, "n_folds=1"),
        ({"reference": [0, 1]}, "reference: 2 labels for 500 frames"),
        ({"lengths": [400, 50]}, "lengths"),
    ],
)
def test_arguments_that_cannot_be_used(arguments, message):
    X = np.random.default_rng(0).normal(size=(500, 2))
    with pytest.raises(InputError, match=message):
        compare(X, **{"lag": 2, "n_states": 2, "methods": ["k-means"], **arguments})


def test_features_that_cannot_be_used():
    X = np.ones((500, 2))
    X[7, 1] = np.nan
    with pytest.raises(InputError, match="frame 7 is not finite"):
        compare(X, lag=2)
    with pytest.raises(InputError, match="pass a matrix of numbers"):
        compare(np.ones(500), lag=2)


def test_microstates_of_few_frames_do_not_repeat_with_the_lag():
    """TICA of 98 frames of 300 columns: clusters were the position of the frame within a lag."""
    rng = np.random.default_rng(0)
    x = np.tanh(np.linspace(-3, 3, 98))[:, None] * rng.normal(size=300) + rng.normal(size=(98, 300))
    labels = tica_microstates(x.astype(np.float32), (98,), 5, 2, 0)(x)
    assert np.count_nonzero(np.diff(labels)) <= 5
