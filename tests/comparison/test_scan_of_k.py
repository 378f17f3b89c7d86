"""The choice of k: known numbers of states are found by the rule that is documented."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mdgmvae import GMVAE, plot
from mdgmvae.comparison import Selection, select_k
from mdgmvae.comparison.scan_of_k import ScannedK
from mdgmvae.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

#: Less training than in the preset is enough for the toy system.
QUICK = {"n_epochs": 8, "n_init": 1, "refit": False, "batch_size": 250, "verbose": False}


@pytest.fixture(scope="module")
def on_wells(five_wells):
    return select_k(five_wells[0][:10_000], [7, 4, 5], lag=5, n_repeats=2, n_folds=2, **QUICK)


def scanned(k, scores):
    scores = np.array(scores)
    return ScannedK(k, scores, scores + 0.1, (k,), (k,), 1.0, 1.0)


def chosen(**scores):
    found = [scanned(int(name[1:]), values) for name, values in scores.items()]
    return Selection(tuple(found), 5, (0, 1)).best_k


@pytest.mark.slow
def test_five_wells_need_five_components(on_wells):
    assert on_wells.ks.tolist() == [4, 5, 7]
    assert on_wells.best_k == 5
    four, five, seven = on_wells.scanned
    # The fifth well adds one process, which contributes nearly 1 to the score at this lag.
    assert 0.4 < five.scores.mean() - four.scores.mean() < 1
    assert abs(seven.scores.mean() - five.scores.mean()) < 0.1
    assert set(five.n_states) == {5} and set(seven.n_states) <= {5, 6}
    assert max(seven.n_active) > 5
    assert five.agreement_worst > 0.95


def scan_mueller_brown(mueller_brown, ks):
    quick = QUICK | {"n_epochs": 4, "batch_size": 125}
    return select_k(mueller_brown[:6_000], ks, lag=5, seeds=[3], n_folds=2, **quick)


@pytest.fixture(scope="module")
def on_mueller_brown(mueller_brown):
    return scan_mueller_brown(mueller_brown, [2, 5])


@pytest.mark.slow
def test_components_that_change_places_are_lumped(on_mueller_brown):
    """Two of the three basins exchange within the lag, so there are two states for every k."""
    assert on_mueller_brown.best_k == 2
    two, five = on_mueller_brown.scanned
    assert five.n_states == (2,)
    assert np.isnan(two.agreement_median)


def test_smallest_within_an_error_of_the_best_is_chosen():
    # Folds differ, but k = 3 is better than 2 in each of them.
    assert chosen(k2=[1.0, 1.5, 2.0], k3=[1.3, 1.8, 2.3], k4=[1.3, 1.8, 2.3]) == 3
    # k = 3 is better than k = 2 only by chance: by 0.1 +- 0.15.
    assert chosen(k2=[1.5, 1.5, 1.5], k3=[1.4, 1.8, 1.5], k4=[1.4, 1.8, 1.49]) == 2
    # k = 3 is better, but by less than a process that is as slow as the lag.
    assert chosen(k2=[1.50, 1.50, 1.50], k3=[1.53, 1.53, 1.53]) == 2
    assert chosen(k2=[1.50, 1.50, 1.50], k3=[1.55, 1.55, 1.55]) == 3
    # A larger k is worse.
    assert chosen(k2=[2.0, 2.1, 2.2], k3=[1.5, 1.6, 1.7]) == 2


def test_errors_are_those_of_the_mean():
    found = Selection((scanned(2, [1.0, 2.0, 3.0]),), 5, (0,))
    assert found.means.tolist() == [2.0]
    assert found.errors[0] == pytest.approx(1 / np.sqrt(3))


@pytest.mark.slow
def test_same_seeds_same_choice(on_mueller_brown, mueller_brown):
    (again,) = scan_mueller_brown(mueller_brown, [2]).scanned
    np.testing.assert_array_equal(again.scores, on_mueller_brown.scanned[0].scores)


@pytest.mark.slow
def test_table_tells_the_choice(on_wells):
    lines = on_wells.text().splitlines()
    assert lines[0].startswith("k = 5 components: the smallest k within one standard error")
    assert lines[0].endswith("5 states")
    head = next(i for i, line in enumerate(lines) if "agreement" in line)
    assert [line.split()[:2] for line in lines[head + 1 : head + 4]][1] == ["*", "5"]
    assert sum("*" in line for line in lines) == 1
    assert on_wells._repr_html_().count("<tr>") == 4


def test_scan_shows_itself():
    """The slow tests check a real scan; this one is made up."""
    found = Selection((scanned(2, [1.0, 1.1, 1.2]), scanned(3, [1.8, 1.9, 2.0])), 5, (0, 1))
    assert repr(found) == found.text()
    title, *lines = found.text().splitlines()
    assert title.startswith("k = 3 components: ") and title.endswith(
        "(lag time 5 frames); 3 states"
    )
    row = next(line for line in lines if "*" in line)
    assert row.split()[:5] == ["*", "3", "1.900", "±", "0.058"]
    assert found._repr_html_().count("<tr>") == 3


def test_scan_whose_best_is_its_end_says_so():
    two, three = scanned(2, [1.0, 1.1, 1.2]), scanned(3, [1.8, 1.9, 2.0])
    four = scanned(4, [1.8, 1.9, 2.0])
    rising = Selection((two, three), 5, (0,))
    assert rising.is_largest
    said = "k = 3 is the largest of the scan: larger k may score higher; scan more"
    assert rising.sentences == (said,)
    assert rising.text().splitlines()[-1] == f"- {said}"
    level = Selection((two, three, four), 5, (0,))
    assert (level.best_k, level.is_largest, level.sentences) == (3, False, ())
    assert "k = 2 is the only one scanned" in Selection((two,), 5, (0,)).text()


@pytest.mark.slow
def test_picture_marks_the_choice(on_wells):
    figure, ax = plt.subplots()
    assert plot.number_of_components(on_wells, ax=ax) is ax
    marked = [line for line in ax.lines if line.get_label() == "chosen: k = 5"]
    assert marked[0].get_xdata()[0] == 5
    assert ax.get_xticks().tolist() == [4, 5, 7]
    plt.close(figure)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ks": []}, "ks=\\[\\]"),
        ({"ks": [0, 3]}, "ks=0"),
        ({"n_repeats": 0}, "n_repeats=0"),
        ({"seeds": []}, "seeds=\\[\\]"),
        ({"lag": 400}, "lag=400"),
        ({"preset": "best"}, "preset='best'"),
        ({"n_folds": 1}, "n_folds=1"),
        ({"n_folds": 2.5}, "n_folds=2.5: must be a whole number"),
        ({"ks": 5}, "ks=5: pass several whole numbers"),
        ({"seeds": 3}, "seeds=3: pass several whole numbers"),
        ({"k": 3}, r"k: is scanned; pass ks=\[3\]"),
        ({"n_epoch": 3}, "n_epoch: no such hyperparameter; did you mean n_epochs?"),
        ({"ks": [2, 20_000]}, "k=20000: must be at least 1 and at most 10000"),
        ({"ks": [2, 299]}, "k=299: more components than frames"),
        ({"device": "cuda"}, "device='cuda': choose auto"),
    ],
)
def test_arguments_that_cannot_be_used(arguments, message, monkeypatch):
    """They were noticed when their turn came: the largest k after all others were trained."""
    monkeypatch.setattr(GMVAE, "fit", None)
    X = np.random.default_rng(0).normal(size=(300, 2))
    with pytest.raises(InputError, match=message):
        select_k(X, **{"ks": [2], "lag": 2, **arguments})
