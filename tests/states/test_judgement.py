"""Each sentence is said of data of which it is true, and not of the others."""

import json
import re
import time

import numpy as np
import pytest
from alanine_basins import conventional, dihedrals, markov_chain, metastable
from paths import DATA, ROOT
from sklearn.cluster import KMeans

from mdgmvae.errors import InputError
from mdgmvae.kinetics import lump
from mdgmvae.states import judge

LAG = 5
DT = 2.0
ONCE = "state 2 was entered once: its population and lifetime are not supported by these data"
FINE = "nothing in these frames speaks against these states at this lag"


def words(judgement):
    return [state.word for state in judgement.states]


def test_states_of_alanine_dipeptide():
    found = judge(metastable(), lag=LAG, dt=DT)
    assert words(found) == ["metastable", "metastable", "not supported"]
    assert found.verdicts[0] == ONCE
    (other,) = found.verdicts[1:]
    assert other.startswith("VAMP-2 is 1.") and "seen in some blocks only" in other
    assert not found.is_supported


def test_states_that_mix_within_the_lag_are_one():
    found = judge(conventional(), lag=LAG, dt=DT)
    assert words(found) == ["not metastable", "not metastable", "metastable", "not supported"]
    assert "states 0 and 1 exchange within the lag: one metastable state" in found.verdicts
    (memory,) = [said for said in found.verdicts if "no memory" in said]
    assert memory.startswith("states 0 and 1 keep no memory over the lag (")
    assert memory.endswith(" ps against 10 ps): not metastable")


def test_a_state_shorter_than_the_lag_is_told_with_both_times():
    chain = np.array([[0.99, 0.01, 0], [0.01, 0.985, 0.005], [0, 0.8, 0.2]])
    found = judge(markov_chain(chain, 20_000), lag=10, dt=DT)
    assert words(found) == ["metastable", "metastable", "not metastable"]
    (said,) = [said for said in found.verdicts if "shorter" in said]
    assert said.startswith("state 2 lives shorter than the lag (")
    assert said.endswith(" ps against 20 ps): not metastable")


def test_five_wells_are_metastable(five_wells):
    found = judge(five_wells[1], lag=10)
    assert words(found) == ["metastable"] * 5
    assert found.verdicts == [FINE]
    assert found.is_supported
    assert found.unit == "rows"
    assert "VAMP-2" in found.text().splitlines()[0]


def test_two_basins_of_mueller_brown_are_one_state():
    labels = np.load(DATA / "mueller_brown_labels.npy")
    found = judge(labels, lag=2)
    assert words(found) == ["metastable", "not metastable", "metastable"]
    assert "states 1 and 2 exchange within the lag: one metastable state" in found.verdicts
    assert any(said.startswith("state 1 lives shorter than the lag") for said in found.verdicts)


@pytest.mark.parametrize("make", [metastable, lambda: np.repeat([0, 1], [19_000, 1000])])
def test_shuffled_time_has_no_metastable_state(make):
    """However well populated: the second has a lifetime of 20 lags, and no memory."""
    shuffled = np.random.default_rng(0).permutation(make())
    found = judge(shuffled, lag=LAG, dt=DT)
    assert set(words(found)) == {"not metastable"}
    assert any(said.startswith("all states exchange within the lag") for said in found.verdicts)
    assert not any("some blocks only" in said for said in found.verdicts)


def test_noise_in_the_labels_fails_the_markov_test():
    truth = metastable()
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(truth)) < 0.1, rng.integers(0, 2, len(truth)), truth)
    found = judge(np.minimum(noisy, 1), lag=LAG, dt=DT)
    assert any(said.startswith("implied timescales still rise") for said in found.verdicts)
    mislabelled = np.where(rng.random(len(truth)) < 0.05, 2, truth)
    found = judge(mislabelled, lag=LAG, dt=DT)
    assert any(
        said.startswith("Chapman-Kolmogorov test fails for state") for said in found.verdicts
    )


def test_events_are_counted_in_words():
    def said_of(states, rows, lengths=None):
        found = judge(np.repeat(states, rows), lag=10, lengths=lengths)
        return [said for said in found.verdicts if not said.startswith("VAMP-2")]

    end = "their populations and lifetimes are not supported by these data"
    # The start and the end of a trajectory are neither an entry nor an exit.
    assert said_of([0, 1], [500, 400]) == [
        "state 0 was there at the start, left once and never entered: its population and lifetime "
        "are not supported by these data",
        "state 1 was entered once and never left: its population and lifetime are not supported "
        "by these data",
    ]
    assert said_of([0, 1, 0, 1, 0, 1, 0], [300] * 7)[0] == (
        "states 0 and 1 were entered only 3 times each: their populations and lifetimes are rough"
    )
    assert said_of([0, 1], [500, 500], [500, 500]) == [
        f"states 0 and 1 were never entered and never left: {end}",
        "the states fall into 2 sets that never exchange a frame: how populated one is beside "
        "another is not known from these data",
    ]
    assert said_of([0], [500]) == ["all frames are in state 0: there is nothing to tell apart"]


def test_returns_within_the_lag_are_no_events():
    """A state visited once, and touched for single frames thirty times."""
    labels = np.repeat([0, 1, 0], [4000, 500, 4000])
    labels[np.random.default_rng(0).choice(4000, 30, replace=False)] = 1
    found = judge(labels, lag=10)
    assert (found.visits.entries[1], found.visits.exits[1]) == (1, 1)
    assert words(found)[1] == "not supported"


def test_empty_components_and_uncertain_frames():
    labels = np.array([0, 2, 3])[metastable()]
    sure = np.eye(5)[labels]
    found = judge(labels, sure, lag=LAG, dt=DT)
    assert words(found) == ["metastable", "empty", "metastable", "not supported", "empty"]
    assert "states 1 and 4 have no frames" in found.verdicts
    assert not any("certainty" in said for said in found.verdicts)
    unsure = judge(labels, 0.5 * sure + 0.1, lag=LAG, dt=DT).verdicts
    assert "frames are assigned with little certainty (0 % have a q above 0.95)" in unsure


def test_components_and_their_macrostates_are_both_judged():
    angles = np.radians(dihedrals())
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    components = KMeans(8, n_init=3, random_state=0).fit_predict(points)
    lumped = lump(components, lag=LAG).labels
    found = judge(components, lag=LAG, dt=DT, macrostates=lumped)
    assert len(found.states) == 8
    assert words(found.macrostates) == ["metastable", "metastable", "not supported"]
    assert f"metastable {ONCE}" in found.verdicts
    assert any(said.startswith("components ") for said in found.verdicts)
    text = found.text()
    assert text.index("component ") < text.index("\nmetastable  ") < text.index(ONCE)


def test_table_has_a_row_for_each_state():
    found = judge(metastable(), lag=LAG, dt=DT)
    headline, head, *rows = found.text().splitlines()[:5]
    assert headline.startswith("3 states in 20,000 frames, lag 10 ps, VAMP-2 2.38")
    assert head.split("  ")[0] == "state" and "lifetime / ps" in head
    assert rows[0].split()[1] == "54.9"
    assert rows[2].endswith("1      1  not supported")
    page = found._repr_html_()
    assert page.count("<tr>") == 4
    assert ONCE in page
    assert "visits &gt;= lag" in page


def test_dictionary_survives_json():
    found = judge(np.array([0, 2, 3])[metastable()], lag=LAG, macrostates=metastable())
    kept = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert kept["states"] == words(found)
    assert kept["verdicts"] + kept["macrostates"]["verdicts"] == found.verdicts
    assert kept["populations"]["value"][1] == 0
    assert kept["lifetimes"]["from_model"]["value"][1] is None
    assert len(kept["chapman_kolmogorov"]["predicted"]["value"]) == 5


def test_it_shows_itself_at_the_prompt():
    found = judge(np.repeat([0, 1, 0], 300), lag=5)
    assert repr(found) == str(found) == found.text()


def test_judgement_takes_seconds():
    labels = np.tile(metastable(), 3)[:50_000]
    labels = np.where(labels == 0, labels, labels + np.arange(50_000) // 1000 % 2)
    start = time.perf_counter()
    judge(labels, lag=LAG, macrostates=labels)
    assert time.perf_counter() - start < 5


def test_few_frames_are_judged_without_cross_validation():
    found = judge(np.repeat([0, 1, 0], 12), lag=LAG)
    assert found.cross_validated is None
    assert "cross-validated" not in found.text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lag": 100}, "lag=100"),
        ({"lag": 1, "macrostates": [0]}, "macrostates: there are 1 for 100"),
        ({"lag": 1, "probabilities": np.full((3, 2), 0.5)}, "probabilities: there are 3 rows"),
        ({"lag": 1, "probabilities": np.ones((100, 1))}, "k=1: there is a label 1"),
    ],
)
def test_what_cannot_be_judged_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        judge(np.repeat([0, 1], 50), **options)


def test_document_shows_what_is_printed():
    document = (ROOT / "docs" / "guides" / "judgement.md").read_text(encoding="utf-8")
    found = judge(metastable(), lag=LAG, dt=DT)
    headline, head, *_ = found.text().splitlines()
    assert f"{headline}\n{head}\n" in document
    # The intervals are sampled, and may differ in the last digit on another machine.
    for population, said in zip((54.9, 41.9, 3.3), found.states, strict=True):
        assert re.search(
            rf"^ +{said.state} +{population} \(.* {said.word}$", document, re.MULTILINE
        )
        assert round(100 * found.populations.value[said.state], 1) == population
    assert all(f"- {said}\n" in document for said in found.verdicts)
