"""Components are lumped into metastable states, and no state is lost."""

import numpy as np
import pytest
from alanine_basins import conventional, dihedrals, markov_chain, metastable
from paths import DATA
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from mdgmvae.errors import InputError
from mdgmvae.kinetics import lump, vamp2_cross_validated
from mdgmvae.kinetics.lumping import by_decreasing_population, states_of_components

LAG = 5


@pytest.mark.parametrize("k", [5, 10, 20])
def test_any_number_of_components_gives_the_states_of_alanine_dipeptide(k):
    angles = np.radians(dihedrals())
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    components = KMeans(k, n_init=3, random_state=0).fit_predict(points)
    lumping = lump(components, lag=LAG)
    truth = metastable()
    assert lumping.n == 3
    assert adjusted_rand_score(lumping.labels, truth) > 0.97
    # phi > 0 was entered once; it is not dropped as the second largest connected set.
    assert np.mean(lumping.labels[truth == 2] == 2) > 0.99
    np.testing.assert_array_equal(lumping.labels, lumping.of_component[components])
    np.testing.assert_array_equal(lumping.memberships.argmax(axis=1), lumping.of_component)
    np.testing.assert_array_equal(lump(components, lag=LAG, n_macrostates=3).labels, lumping.labels)


def test_timescales_are_those_of_the_components():
    lumping = lump(conventional(), lag=LAG)
    np.testing.assert_array_equal(lumping.of_component, [0, 0, 1, 2])
    # beta/PII and alphaR relax in 20 to 25 ps, at 2 ps a frame; C5 and PII in 2 to 3 ps.
    assert lumping.timescales.shape == (3,)
    assert lumping.timescales[0] > 200
    assert 10 < lumping.timescales[1] < 12.5
    assert lumping.timescales[2] < 2


def test_basins_of_mueller_brown_that_interchange_fast_are_one_state(mueller_brown):
    components = KMeans(10, n_init=3, random_state=0).fit_predict(mueller_brown)
    truth = np.load(DATA / "mueller_brown_labels.npy")
    lumping = lump(components, lag=20, n_macrostates=2)
    assert lumping.n == 2
    pairs = [adjusted_rand_score(lumping.labels, truth == basin) for basin in range(3)]
    assert max(pairs) > 0.9


def test_a_state_at_the_start_or_the_end_is_kept():
    rng = np.random.default_rng(0)
    mixing = rng.integers(0, 2, 5000)
    for labels in (np.r_[np.full(200, 2), mixing], np.r_[mixing, np.full(200, 2)]):
        lumping = lump(labels, lag=LAG)
        np.testing.assert_array_equal(lumping.of_component, [0, 0, 1])
        np.testing.assert_array_equal(lumping.memberships.argmax(axis=1), [0, 0, 1])
        assert np.isfinite(lumping.timescales).all()
    both = lump(np.r_[np.full(300, 3), mixing, np.full(200, 2)], lag=LAG)
    # Of the two components at the ends, the one with more frames has the lower number.
    np.testing.assert_array_equal(both.of_component, [0, 0, 2, 1])
    np.testing.assert_array_equal(both.memberships.argmax(axis=1), both.of_component)


def test_components_that_are_gone_within_the_lag_belong_to_their_neighbours():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1, 0, 1], 2000)
    labels[rng.choice(len(labels), 40, replace=False)] = 2
    labels[:2], labels[-2:] = 3, 4  # two frames at the start and two at the end
    lumping = lump(labels, lag=LAG)
    assert lumping.n == 2
    assert (lumping.of_component[3], lumping.of_component[4]) == (
        lumping.of_component[0],
        lumping.of_component[1],
    )


def test_sets_that_never_exchange_frames_are_separate_states():
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 2, 1000), 2 + rng.integers(0, 2, 500)
    labels, lengths = np.r_[first, second], [1000, 500]
    for n in (None, 1, 2):  # n = 1 is impossible without transitions between the sets
        lumping = lump(labels, lag=LAG, lengths=lengths, n_macrostates=n)
        np.testing.assert_array_equal(lumping.of_component, [0, 0, 1, 1])
    assert np.isinf(lumping.timescales[0])
    # As one segment, there is one transition between the sets.
    assert np.isfinite(lump(labels, lag=LAG).timescales).all()
    assert lump(labels, lag=LAG, n_macrostates=1).n == 1


def test_empty_components_and_frames_without_any():
    labels = np.repeat([1, 4, 1, 4, -1], 300)
    lumping = lump(labels, lag=LAG, k=7)
    np.testing.assert_array_equal(lumping.of_component, [-1, 0, -1, -1, 1, -1, -1])
    np.testing.assert_array_equal(lumping.labels, np.repeat([0, 1, 0, 1, -1], 300))
    np.testing.assert_allclose(lumping.memberships.sum(axis=1), 1.0)


@pytest.mark.parametrize("n", [None, 1, 3])
def test_one_component_is_one_state(n):
    for labels in (np.zeros(100, int), np.full(100, 3)):
        lumping = lump(labels, lag=LAG, k=5, n_macrostates=n)
        assert lumping.n == 1
        assert set(lumping.labels.tolist()) == {0}
        assert len(lumping.timescales) == 0


def test_components_seen_only_in_short_segments_go_with_their_neighbours():
    segments = [np.repeat([0, 1], 200), np.array([1, 2, 1]), np.array([3])]
    lumping = lump(np.concatenate(segments), lag=LAG, lengths=[400, 3, 1])
    assert lumping.of_component[2] == lumping.of_component[1] != lumping.of_component[0]
    assert lumping.n == 3  # nothing is known about component 3


@pytest.mark.slow
def test_as_many_states_as_are_asked_for_and_each_with_frames():
    rng = np.random.default_rng(3)
    labels = np.r_[rng.integers(0, 6, 20_000), rng.integers(4, 8, 20_000)]
    for n in range(1, 9):
        lumping = lump(labels, lag=LAG, n_macrostates=n)
        assert lumping.n == n
        populations = np.bincount(lumping.labels, minlength=n)
        assert (populations > 0).all()
        assert (np.diff(populations) <= 0).all()
    assert lump(labels, lag=LAG, n_macrostates=99).n == 8


def test_pairs_do_not_cross_segments():
    """In separate segments the components never exchange; as one segment they do."""
    labels = np.repeat(np.tile([0, 1], 50), 8)
    assert lump(labels, lag=LAG, lengths=[8] * 100).n == 2
    assert lump(labels, lag=LAG).n == 1


def test_states_that_only_alternate_are_one():
    """Their eigenvalue is -1, which is large but not a slow process."""
    labels = np.tile(np.r_[np.tile([0, 1], 60), np.tile([2, 3], 60)], 20)
    for n in (None, 2):
        np.testing.assert_array_equal(
            lump(labels, lag=LAG, n_macrostates=n).of_component, [0, 0, 1, 1]
        )


@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        ([0] * 9, {"lag": 0}, "lag=0"),
        ([0] * 9, {"lag": 9}, "lag=9: no segment is longer than 9 frames"),
        ([0] * 9, {"lag": 2, "lengths": [4, 4]}, "add up to 9 frames"),
        ([0] * 9, {"lag": 2, "n_macrostates": 0}, "n_macrostates=0"),
        ([-1] * 9, {"lag": 2}, "no frame has a state"),
        ([0, 5] * 9, {"lag": 2, "k": 3}, "k=3: the largest label is 5"),
    ],
)
def test_invalid_arguments_are_refused(labels, options, said):
    with pytest.raises(InputError, match=said):
        lump(labels, **options)


def test_a_rare_component_belongs_to_what_surrounds_it_in_its_own_segment():
    """It is not joined with the component at the end of the previous segment."""
    a, b, c = np.zeros(1000, int), np.ones(1000, int), np.full(5, 2)
    for segments in ([a, np.r_[c, b]], [a, np.r_[b, c]], [np.r_[c, b], a]):
        labels, lengths = np.concatenate(segments), [len(segment) for segment in segments]
        states = states_of_components(labels, k=3, lag=5, lengths=lengths)
        assert states[2] == states[1] != states[0]


def test_rare_components_alone_in_a_segment_are_some_state():
    a, b = np.repeat([0, 1] * 5, 100), np.full(30, 2)
    states = states_of_components(np.r_[a, b], k=4, lag=5, lengths=[1000, 30])
    assert states[0] != states[1] and states[2] >= 0 and states[3] == -1


def test_a_component_too_rare_for_a_state_joins_its_neighbours():
    """A single visit of fewer frames than ten lags does not count."""
    labels = np.repeat(np.tile([0, 1], 10), 200)
    labels[500:508] = 2
    assert states_of_components(labels, k=3, lag=5)[2] in (0, 1)


def test_a_number_of_states_is_given_to_what_repeats_itself():
    """A component that is entered once is slow, too, but says nothing about other frames."""
    well = [[0.80, 0.19], [0.19, 0.80]]
    matrix = np.full((5, 5), 0.005)
    matrix[:2, :2] = matrix[2:4, 2:4] = well
    matrix[:2, 4], matrix[2:4, 4], matrix[4] = 0.0002, 0.0, [0.01, 0.01, 0.0, 0.0, 0.98]
    labels = markov_chain(matrix / matrix.sum(axis=1, keepdims=True), 6000, seed=0)
    entered = np.count_nonzero((labels[1:] == 4) & (labels[:-1] != 4))
    assert entered == 1
    pcca, best = (lump(labels, lag=5, n_macrostates=2, finer=f) for f in (None, labels))
    assert pcca.of_component.tolist() == [0, 0, 0, 0, 1]
    assert len(set(best.of_component[:2])) == len(set(best.of_component[2:4])) == 1
    assert best.of_component[0] != best.of_component[2]
    scores = [vamp2_cross_validated(one.labels, lag=5, n_processes=2).mean for one in (pcca, best)]
    assert scores[1] > scores[0] + 0.5


def test_many_states_are_lumped_in_seconds():
    """Thirty components in a ring, each rarely left."""
    steps = np.random.default_rng(4).random(60_000) < 0.02
    labels = np.cumsum(steps) % 30
    lumping = lump(labels, lag=LAG, n_macrostates=20)
    assert lumping.n == 20
    assert set(np.bincount(lumping.of_component).tolist()) <= {1, 2, 3}


def test_states_are_renumbered_by_decreasing_population():
    """Ties go to the state of the first component, and -1 stays."""
    states, frames = np.array([2, 0, -1, 1, 0]), np.array([30, 20, 0, 50, 30])
    np.testing.assert_array_equal(by_decreasing_population(states, frames), [2, 0, -1, 1, 0])
    frames[3] = 60
    np.testing.assert_array_equal(by_decreasing_population(states, frames), [2, 1, -1, 0, 1])
