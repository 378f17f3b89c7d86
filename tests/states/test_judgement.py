"""Each conclusion appears for data for which it is true, and not for others."""

import json
import re
import time

import numpy as np
import pytest
from alanine_basins import conventional, dihedrals, markov_chain, metastable
from MDAnalysis.analysis.results import Results
from paths import DATA, ROOT
from sklearn.cluster import KMeans

from mdgmvae.errors import InputError
from mdgmvae.kinetics import lump
from mdgmvae.states import judge
from mdgmvae.states.judgement import judge_results

LAG = 5
DT = 2.0
ONCE = "state 2 was entered once: its population and lifetime are not supported by these data"
FINE = "the data support these states at this lag time"


def words(judgement):
    return [state.word for state in judgement.states]


def test_states_of_alanine_dipeptide():
    found = judge(metastable(), lag=LAG, dt=DT)
    assert words(found) == ["metastable", "metastable", "not supported"]
    assert found.verdicts[0] == ONCE
    (other,) = found.verdicts[1:]
    assert other.startswith("VAMP-2 is 2.38 on all frames, but 1.")
    assert other.endswith("seen in only part of the trajectory")
    assert not found.is_supported
    assert "Not all states are supported by the data: state 2 is not\n" in found.text()


def test_states_that_mix_within_the_lag_are_one():
    found = judge(conventional(), lag=LAG, dt=DT)
    assert words(found) == ["not metastable", "not metastable", "metastable", "not supported"]
    one = "states 0 and 1 exchange within the lag time: they are one metastable state"
    assert one in found.verdicts
    (memory,) = [said for said in found.verdicts if "to equilibrium" in said]
    assert memory.startswith("states 0 and 1 relax to equilibrium in ")
    assert memory.endswith(" ps, within the lag time of 10 ps: not metastable")


def test_a_state_shorter_than_the_lag_is_told_with_both_times():
    chain = np.array([[0.99, 0.01, 0], [0.01, 0.985, 0.005], [0, 0.8, 0.2]])
    found = judge(markov_chain(chain, 20_000), lag=10, dt=DT)
    assert words(found) == ["metastable", "metastable", "not metastable"]
    (said,) = [said for said in found.verdicts if "shorter" in said]
    assert said.startswith("state 2 has a lifetime of ")
    assert said.endswith(" ps, shorter than the lag time of 20 ps: not metastable")


def test_five_wells_are_metastable(five_wells):
    found = judge(five_wells[1], lag=10)
    assert words(found) == ["metastable"] * 5
    assert found.verdicts == [FINE]
    assert found.is_supported
    assert found.unit == "frames"
    assert "VAMP-2" in found.text().splitlines()[0]


def test_two_basins_of_mueller_brown_are_one_state():
    labels = np.load(DATA / "mueller_brown_labels.npy")
    found = judge(labels, lag=2)
    assert words(found) == ["metastable", "not metastable", "metastable"]
    one = "states 1 and 2 exchange within the lag time: they are one metastable state"
    assert one in found.verdicts
    assert any(said.startswith("state 1 has a lifetime of ") for said in found.verdicts)


@pytest.mark.parametrize("make", [metastable, lambda: np.repeat([0, 1], [19_000, 1000])])
def test_shuffled_time_has_no_metastable_state(make):
    """This holds for any population: the large state of the second case seems to last."""
    shuffled = np.random.default_rng(0).permutation(make())
    found = judge(shuffled, lag=LAG, dt=DT)
    assert set(words(found)) == {"not metastable"}
    mixed = "all states exchange within the lag time: no process between them is slower, so they"
    assert f"{mixed} are one metastable state" in found.verdicts
    assert not any("held-out" in said for said in found.verdicts)


def test_an_increase_within_the_error_is_named_as_such():
    """A table that says "14, then 18" and "yes" would contradict itself."""
    rng = np.random.default_rng(4)
    truth = np.cumsum(rng.random(600) < 0.02) % 2
    noisy = np.where(rng.random(600) < 0.02, 1 - truth, truth)
    seen = "14 frames at lag 5 frames, 18 frames at lag 10 frames, within the error"
    assert ["timescales", "yes", *seen.split()] in [
        line.split() for line in str(judge(noisy, lag=5)).splitlines()
    ]


def test_noise_in_the_labels_fails_the_markov_test():
    truth = metastable()
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(truth)) < 0.1, rng.integers(0, 2, len(truth)), truth)
    found = judge(np.minimum(noisy, 1), lag=LAG, dt=DT)
    assert any(said.startswith("implied timescales still increase") for said in found.verdicts)
    mislabelled = np.where(rng.random(len(truth)) < 0.05, 2, truth)
    found = judge(mislabelled, lag=LAG, dt=DT)
    assert any(
        said.startswith("the Chapman-Kolmogorov test fails for state") for said in found.verdicts
    )


def test_events_are_counted_in_words():
    def said_of(states, frames, lengths=None):
        found = judge(np.repeat(states, frames), lag=10, lengths=lengths)
        others = ("VAMP-2", "the slowest process is correlated with time")
        return [said for said in found.verdicts if not said.startswith(others)]

    end = "their populations and lifetimes are not supported by these data"
    # The start of a trajectory is not an entry, and its end is not an exit.
    assert said_of([0, 1], [500, 400]) == [
        "state 0 was occupied at the start, left once and never entered: its population and "
        "lifetime are not supported by these data",
        "state 1 was entered once and never left: its population and lifetime are not supported "
        "by these data",
    ]
    assert said_of([0, 1, 0, 1, 0, 1, 0], [300] * 7)[0] == (
        "states 0 and 1 were entered only 3 times each: their populations and lifetimes are rough "
        "estimates"
    )
    assert said_of([0, 1], [500, 500], [500, 500]) == [
        f"states 0 and 1 were never entered and never left: {end}",
        "the states form 2 sets without transitions between them: these data do not determine the "
        "relative populations of the sets",
    ]
    assert said_of([0], [500]) == ["all frames are in state 0: nothing to compare it with"]


@pytest.mark.parametrize("share", [0.03, 0.3])
def test_a_state_of_the_beginning_leaves_open_whether_there_is_a_drift(share):
    """Its correlation with time is small, because most frames are in equilibrium."""
    labels = np.cumsum(np.random.default_rng(0).random(20_000) < 0.02) % 2

    def stationarity(judgement):
        return next(f for f in judgement.findings if f.name == "stationarity")

    assert stationarity(judge(labels, lag=5)).word == "yes"
    labels[: int(share * len(labels))] = 2
    found = stationarity(judge(labels, lag=5))
    assert found.word == "not tested" and "too few transitions" in found.seen


def test_returns_within_the_lag_are_no_events():
    """A state is visited once, and reached for a single frame thirty times."""
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
    little = "frames are assigned with little certainty: 0 % have an assignment probability above"
    assert f"{little} 0.95" in unsure


def test_states_are_judged_and_their_components_beside_them():
    angles = np.radians(dihedrals())
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    components = KMeans(8, n_init=3, random_state=0).fit_predict(points)
    lumped = lump(components, lag=LAG).labels
    sure = 0.9 * np.eye(8)[components] + 0.0125
    found = judge(components, sure, lag=LAG, dt=DT, states=lumped)
    assert words(found) == ["metastable", "metastable", "not supported"]
    assert ONCE in found.verdicts
    assert not any(said.startswith("component") for said in found.verdicts)
    alone = judge(lumped, lag=LAG, dt=DT)
    assert found.frames.tolist() == alone.frames.tolist()
    np.testing.assert_array_equal(
        found.equilibrium_populations.upper, alone.equilibrium_populations.upper
    )
    assert not found.is_supported
    # If a frame is divided between components of one state, its state is still certain.
    n_joined = np.bincount(found.state_of_component)
    expected = 0.9 + 0.0125 * n_joined
    assert found.quality.share_certain == (expected > 0.95)[lumped].mean()
    assert len(found.components.states) == 8 and found.components.kind == "component"
    assert found.components.quality.share_certain == 0
    assert any(said.startswith("components ") for said in found.components.verdicts)
    np.testing.assert_array_equal(found.state_of_component[components], lumped)
    text = found.text()
    assert text.index(ONCE) < text.index("\ncomponent  ")
    assert "- components " not in text


def test_states_that_are_the_components_are_shown_once():
    labels = metastable()
    found = judge(labels, lag=LAG, dt=DT, states=labels)
    assert found.text() == judge(labels, lag=LAG, dt=DT).text()
    assert words(found.components) == words(found)


def test_results_of_an_analysis_are_judged():
    """States without frames keep their number; the given segments and times are used."""
    components = np.array([2, 0, 3])[metastable()]
    of_component = np.array([1, 3, 0, 2])
    states = of_component[components]
    results = Results(
        labels=states, components=components,
        probabilities=np.eye(4, dtype=np.float32)[states],
        component_probabilities=np.eye(4, dtype=np.float32)[components],
        lengths=(12_000, 8_000), times=DT * np.r_[np.arange(12_000), np.arange(8_000)],
    )  # fmt: skip
    found = judge_results(results, LAG, n_samples=10)
    assert (found.unit, found.lag_time) == ("ps", 10.0)
    assert words(found)[3] == "empty" and len(words(found)) == 4
    same = judge(states, lag=LAG, lengths=results.lengths, dt=DT, n_samples=10)
    np.testing.assert_array_equal(
        same.lifetimes.from_model.upper, found.lifetimes.from_model.upper[:3]
    )
    assert found.state_of_component.tolist() == [1, -1, 0, 2]
    assert judge_results(results, None, n_samples=2).lag == 1


def test_table_has_a_row_for_each_state():
    found = judge(metastable(), lag=LAG, dt=DT)
    headline, _, head, *rows = found.text().splitlines()[:6]
    assert headline.startswith("3 states in 20,000 frames, lag time 10 ps, VAMP-2 2.38")
    assert head.split()[0] == "state" and "lifetime / ps" in head
    assert rows[0].split()[:4] == ["0", "10,974", "54.9", "54.9"]
    assert rows[2].split()[-4:] == ["1", "1", "not", "supported"]
    page = found._repr_html_()
    assert page.count("<tr>") == 4 + 1 + len(found.findings)
    assert ONCE in page
    assert "equilibrium population / %" in page


def test_dictionary_survives_json():
    found = judge(np.array([0, 2, 3])[metastable()], lag=LAG, states=metastable())
    kept = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert kept["states"] == words(found)
    assert kept["verdicts"] == found.verdicts
    assert kept["state_of_component"] == [0, -1, 1, 2]
    components = kept["components"]
    assert components["states"][1] == "empty"
    assert components["equilibrium_populations"]["value"][1] == 0
    assert components["lifetimes"]["from_model"]["value"][1] is None
    assert components["components"] is None
    assert len(kept["chapman_kolmogorov"]["predicted"]["value"]) == 5


def test_it_shows_itself_at_the_prompt():
    found = judge(np.repeat([0, 1, 0], 300), lag=5)
    assert repr(found) == str(found) == found.text()


def test_judgement_takes_seconds():
    labels = np.tile(metastable(), 3)[:50_000]
    labels = np.where(labels == 0, labels, labels + np.arange(50_000) // 1000 % 2)
    start = time.perf_counter()
    judge(labels, lag=LAG, states=labels // 2)
    assert time.perf_counter() - start < 5


def test_few_frames_are_judged_without_cross_validation():
    found = judge(np.repeat([0, 1, 0], 12), lag=LAG)
    assert found.cross_validated is None
    assert "on held-out frames)" not in found.text()
    (held_out,) = [f for f in found.findings if f.name == "held-out frames"]
    assert held_out.holds is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lag": 100}, "lag=100"),
        ({"lag": 1, "states": [0]}, "states: there are 1 for 100"),
        (
            {"lag": 1, "probabilities": np.full((3, 2), 0.5)},
            "probabilities: there are 3 frames",
        ),
        ({"lag": 1, "probabilities": np.ones((100, 1))}, "k=1: the largest label is 1"),
    ],
)
def test_what_cannot_be_judged_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        judge(np.repeat([0, 1], 50), **options)


def test_document_shows_what_is_printed():
    document = (ROOT / "docs" / "guides" / "judgement.md").read_text(encoding="utf-8")
    found = judge(metastable(), lag=LAG, dt=DT)
    headline, above, head, *_ = found.text().splitlines()
    assert f"{headline}\n{above}\n{head}\n" in document
    # The document shows the result of a fit, which differs from the basins in a few frames.
    for said in found.states:
        row = re.search(rf"^ +{said.state} .* (\d+\.\d) \(.* {said.word}$", document, re.MULTILINE)
        population = 100 * found.equilibrium_populations.value[said.state]
        assert float(row[1]) == pytest.approx(population, abs=0.3)
    assert all(f"- {said}\n" in document for said in found.verdicts)


def test_labels_that_repeat_with_the_lag_are_no_states():
    """A Markov model at the lag time sees the same label again, and a long lifetime."""
    labels = np.tile([3, 2, 1, 0, 1], 40)
    found = judge(labels, lag=5)
    assert words(found) == ["not metastable"] * 4
    assert [row[4] for row in found.tables()[0].rows] == ["< 5"] * 4
    (said,) = [said for said in found.verdicts if "hardly ever" in said]
    assert said.startswith("states 0, 1, 2 and 3 hardly ever stay for the lag time of 5 frames")


def test_a_state_that_is_left_for_moments_lasts():
    """One frame in ten of state 0 looks like state 1 for a moment: it still lasts 300 frames."""
    labels = np.tile(np.repeat([0, 1], 300), 10)
    flickers = np.random.default_rng(0).random(len(labels)) < 0.1
    found = judge(np.where(flickers & (labels == 0), 1, labels), lag=5)
    assert words(found) == ["metastable", "metastable"]


def test_frames_of_segments_shorter_than_the_lag_say_nothing_of_stays():
    labels = np.concatenate([np.tile(np.repeat([0, 1], 50), 20), np.tile([0, 1], 600)])
    lengths = [2000, *[2] * 600]
    assert words(judge(labels, lag=5, lengths=lengths)) == ["metastable", "metastable"]
