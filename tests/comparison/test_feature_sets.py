"""The choice of features: sets with known slow processes are ranked as they must be."""

from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mdgmvae import FeatureSet, plot
from mdgmvae.comparison import FeatureSelection, compare, select_features, select_k
from mdgmvae.comparison.cross_validation import folds_of_time
from mdgmvae.comparison.feature_sets import ScoredFeatures
from mdgmvae.data.processes import exclusive_or, harmonic_well, wells
from mdgmvae.errors import InputError

N = 4_000


def noise(n_columns, seed=9):
    return np.random.default_rng(seed).normal(size=(N, n_columns)).astype(np.float32)


@pytest.fixture(scope="module")
def on_wells():
    x = wells(N, seed=0).X
    sets = {
        "noise": noise(2),
        "all and noise": np.hstack([x, noise(3)]),
        "all": x,
        "one": x[:, :1],
    }
    return select_features(sets, lag=5, verbose=False)


def test_features_that_show_more_slow_processes_are_better(on_wells):
    """Three wells have two slow processes, and one axis shows one of them."""
    means = {name: scores.mean() for name, scores in on_wells.scores.items()}
    assert on_wells.n_slow == 2 and on_wells.is_slow
    assert means["all"] > means["one"] + 0.3
    assert means["one"] > means["noise"] + 0.3
    assert means["noise"] == pytest.approx(1, abs=0.02)
    assert [found.name for found in on_wells.ranked][2:] == ["one", "noise"]


def test_columns_of_noise_do_not_win(on_wells):
    assert on_wells.best == "all"
    with_noise = on_wells.scores["all and noise"]
    np.testing.assert_allclose(with_noise, on_wells.scores["all"], atol=0.05)


def test_timescales_are_those_of_the_process(on_wells):
    """A well is left with probability 0.01 to each of two others: eigenvalue 1 - 0.015."""
    (all_axes,) = [found for found in on_wells.scored if found.name == "all"]
    assert len(all_axes.timescales) == 2
    # Frames of overlapping wells make coordinates forget faster.
    assert (all_axes.timescales < -1 / np.log(0.985)).all() and (all_axes.timescales > 20).all()
    (only_noise,) = [found for found in on_wells.scored if found.name == "noise"]
    assert len(only_noise.timescales) == 0


def test_a_lag_is_given_in_frames_or_in_ps(tmp_path):
    x = wells(N, seed=0).X
    np.save(tmp_path / "x.npy", x)
    timed = replace(FeatureSet.load(tmp_path / "x.npy"), times=2.0 * np.arange(N))
    timed.save(tmp_path / "timed.npy")
    assert select_features({"x": timed}, lag_time=10, verbose=False).lag == 5
    assert select_features({"x": tmp_path / "timed.npy"}, lag_time=10, verbose=False).lag == 5
    assert compare(timed, lag_time=10, n_states=3, methods=["k-means"], verbose=False).lag == 5
    for call in (
        partial(select_features, {"x": timed}, verbose=False),
        partial(compare, timed, verbose=False),
        partial(select_k, timed, verbose=False),
    ):
        with pytest.raises(InputError, match=r"pass a lag time, in frames \(lag=\) or in ps"):
            call()
        with pytest.raises(InputError, match="lag=5 and lag_time=10: lag is in frames"):
            call(lag=5, lag_time=10)
    with pytest.raises(InputError, match=r"lag_time=10: an array has no times; pass a FeatureSet"):
        compare(x, lag_time=10, verbose=False)


def test_score_of_one_column_is_its_squared_correlation_on_held_out_pairs():
    x, lag, lengths = harmonic_well(N, 0, dimensions=1).X, 3, (2_500, 1_500)
    found = select_features({"x": x}, lag=lag, lengths=lengths, n_slow=1, n_folds=4, verbose=False)
    segment = np.repeat([0, 1], lengths)
    for fold, score in zip(
        folds_of_time(lengths, lag=lag, n_folds=4), found.scores["x"], strict=True
    ):
        # A pair within a segment may not leave a block of the fold.
        inside = np.array(
            [
                fold.test[t : t + lag + 1].all() and segment[t] == segment[t + lag]
                for t in range(N - lag)
            ]
        )
        r = np.corrcoef(x[:-lag, 0][inside], x[lag:, 0][inside])[0, 1]
        assert score == pytest.approx(1 + r**2, abs=1e-4)


def test_exclusive_or_shows_in_products_of_both_columns_only():
    x = exclusive_or(N, seed=0).X
    found = select_features({"first": x[:, :1], "both": x}, lag=5, verbose=False)
    assert found.best == "both"
    first, both = found.scored
    assert (first.n_products, both.n_products) == (0, 1)
    assert first.scores.mean() == pytest.approx(1, abs=0.02)
    assert both.scores.mean() > 1.4
    assert "both: some products" in found.text()


def scored(name, n_features, scores):
    return ScoredFeatures(name, n_features, 0, np.array([50.0]), np.array(scores))


def test_fewest_columns_within_an_error_of_the_best_are_chosen():
    large, small = scored("large", 30, [1.9, 1.5, 1.7]), scored("small", 3, [1.5, 1.6, 1.6])
    # Behind by 0.13 +- 0.13 fold by fold.
    assert FeatureSelection((large, small), 5, 1, True).best == "small"
    worse = scored("worse", 3, [1.7, 1.3, 1.5])  # behind by 0.2 in each fold
    assert FeatureSelection((large, worse), 5, 1, True).best == "large"


def test_table_ranks_the_sets(on_wells):
    title, *lines = on_wells.text().splitlines()
    assert title.startswith("Best features: all (VAMP-2") and "the 2 slowest processes" in title
    (row,) = [line for line in lines if "*" in line]
    assert row.split()[:3] == ["*", "all", "3"]
    assert repr(on_wells) == on_wells.text()
    assert on_wells._repr_html_().count("<tr>") == 5


def test_no_slow_process_is_said():
    found = select_features({"noise": noise(3)}, lag=5, verbose=False)
    assert not found.is_slow and found.n_slow == 1
    assert "no set shows a process slower than the lag time" in found.text()


def test_picture_has_a_row_for_each_set(on_wells):
    ax = plot.feature_sets(on_wells)
    assert [label.get_text().split("\n")[0] for label in ax.get_yticklabels()] == [
        found.name for found in on_wells.ranked
    ]
    ax.figure.canvas.draw()
    plt.close(ax.figure)


def test_files_bring_their_segments(tmp_path):
    x = noise(2)
    np.save(tmp_path / "x.npy", x)
    loaded = FeatureSet.load(tmp_path / "x.npy")
    found = select_features({"file": tmp_path / "x.npy", "set": loaded}, lag=5, verbose=False)
    np.testing.assert_array_equal(found.scores["file"], found.scores["set"])
    with pytest.raises(InputError, match="half: 2,000 frames in 1 segment, but file: 4,000 frames"):
        select_features({"file": loaded, "half": x[:2_000]}, lag=5, verbose=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"feature_sets": {}}, "feature_sets: pass one or more sets by name"),
        ({"feature_sets": [np.zeros((300, 1))]}, "feature_sets: pass one or more sets by name"),
        ({"feature_sets": {"flat": np.zeros((300, 2))}}, "flat: no feature changes"),
        ({"feature_sets": {"a": np.zeros(300)}}, r"a: X: pass a matrix"),
        ({"n_slow": 0}, "n_slow=0"),
        ({"n_folds": 1}, "n_folds=1"),
        ({"lag": 300}, "lag=300"),
        ({"lag": 0}, "lag=0"),
        ({"lengths": [200]}, "lengths="),
    ],
)
def test_arguments_that_cannot_be_used(arguments, message):
    X = np.random.default_rng(0).normal(size=(300, 2))
    with pytest.raises(InputError, match=message):
        select_features(**{"feature_sets": {"x": X}, "lag": 2, "verbose": False, **arguments})
