"""Slow motion without barriers is not called metastable, and states with barriers are.

The probabilities are those of a mixture that tiles the first two coordinates; nothing is trained.
"""

import re

import numpy as np
import pytest

from mdgmvae.data import processes
from mdgmvae.kinetics import lump
from mdgmvae.states import judge

LAG = 5


def judged(x, k=10, n_macrostates=None):
    """Judge the states of a mixture of k equal Gaussians whose centres k-means finds."""
    from sklearn.cluster import KMeans

    centres = KMeans(k, n_init=1, random_state=0).fit(x).cluster_centers_
    squares = np.square(x[:, None] - centres).sum(axis=2)
    width = np.median(squares.min(axis=1))
    logits = -squares / (2 * width)
    q = np.exp(logits - logits.max(axis=1, keepdims=True))
    q = (q / q.sum(axis=1, keepdims=True)).astype(np.float32)
    components = q.argmax(axis=1)
    states = lump(components, lag=LAG, k=k, n_macrostates=n_macrostates).labels
    return judge(components, q, states=states, lag=LAG)


def failed(judgement):
    return {finding.name for finding in judgement.findings if finding.holds is False}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("k", [3, 10])
def test_pieces_of_a_harmonic_well_are_a_choice(seed, k):
    found = judged(processes.harmonic_well(6000, seed, dimensions=2).X, k)
    assert "gap" in failed(found) and not found.is_supported
    assert "metastable" not in {verdict.word for verdict in found.states}
    (said,) = [said for said in found.verdicts if said.startswith("there is no gap")]
    assert "is arbitrary" in said and "larger k" in said and "n_macrostates" in said


@pytest.mark.parametrize("seed", [0, 1])
def test_halves_of_a_flat_box_have_no_barrier_between_them(seed):
    """The first two timescales of a flat box are 4 : 1, which looks like a gap."""
    x = processes.flat_box(6000, seed, dimensions=1, step=0.3).X
    found = judged(x, n_macrostates=2)
    assert found.gap.is_there and "barriers" in failed(found)
    # Halves keep 8 / pi² of the slowest eigenvalue.
    assert found.gap.kept[0] == pytest.approx(8 / np.pi**2, abs=0.03)
    assert not found.is_supported


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("k", [3, 10])
def test_states_with_barriers_are_supported(seed, k):
    """With three components, each is a state; microstates show that nothing slow is within."""
    found = judged(processes.wells(6000, seed).X, k, n_macrostates=3)
    assert failed(found) == set() and found.is_supported
    assert found.gap.ratio > 5 and found.gap.kept.min() > 0.95
    assert found.verdicts == ["the data support these states at this lag time"]


@pytest.mark.slow
def test_cycles_and_drifts_are_named():
    around = judged(processes.rotation(6000, 0).X)
    assert "detailed balance" in failed(around)
    assert any(said.startswith("the dynamics is irreversible") for said in around.verdicts)
    moving = judged(processes.drift(6000, 0).X)
    assert "stationarity" in failed(moving)
    assert any(
        said.startswith("the slowest process is correlated with time") for said in moving.verdicts
    )
    both = failed(judged(processes.diffusion_on_a_ring(6000, 0).X))
    assert not both & {"detailed balance", "stationarity"}


@pytest.mark.parametrize("seed", [0, 1])
def test_states_that_overlap_are_supported_with_a_caution(seed):
    """5 % of the frames of two Gaussians at a distance of 3.3 standard deviations are wrong."""
    rng = np.random.default_rng(seed)
    states = processes.wells(6000, seed, k=2).labels
    found = judged(3.29 * states[:, None] + rng.normal(size=(6000, 1)), n_macrostates=2)
    assert found.is_supported and failed(found) == set()
    seen = {finding.name: finding.seen for finding in found.findings}
    assert "after correcting for misassigned frames" in seen["timescales"]
    assert "after correcting for misassigned frames" in seen["Chapman-Kolmogorov"]
    fine, caution = found.verdicts
    assert fine == "the data support these states at this lag time"
    factor = float(re.search(r"factor of up to (\d\.\d)", caution)[1])
    # The eigenvalue is (1 - 2 x 0.05)^2 exp(-5 / 49.5), which looks like 16 frames.
    assert 2 < factor < 5


def test_wrong_frames_excuse_nothing_without_barriers():
    """Halves of a wide flat box: timescales increase, because frames recross the border."""
    found = judged(processes.flat_box(6000, 0, dimensions=1, step=0.1).X, n_macrostates=2)
    assert "barriers" in failed(found)
    assert not any("misassigned" in finding.seen for finding in found.findings)


def test_a_cycle_between_states_is_not_hidden_by_motion_within_them():
    rng = np.random.default_rng(0)
    steps = rng.choice([0, 1, 2], p=[0.99, 0.009, 0.001], size=6000)
    states = np.cumsum(steps) % 3
    found = judged(4 * np.eye(3)[states] + 0.6 * rng.normal(size=(6000, 3)), 10, n_macrostates=3)
    assert found.components.balance.net_flux < 0.2 < found.balance.net_flux
    assert "detailed balance" in failed(found) and not found.is_supported


def test_names_of_the_evidence_are_the_same_everywhere():
    found = judged(processes.wells(3000, 0).X)
    names = [finding.name for finding in found.findings]
    assert names == list(found.to_dict()["findings"])
    text = found.text()
    assert all(name in text for name in names)
    assert "The states are supported by the data" in text


def test_bare_labels_are_judged_without_a_gap():
    """Nothing finer than the labels is known, so the gap is neither for nor against them."""
    toy = processes.wells(6000, 0)
    found = judge(toy.labels, lag=LAG)
    assert {f.name for f in found.findings if f.holds is None} >= {"gap", "barriers"}
    assert found.is_supported


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_fit_finds_two_states_beside_slow_columns(seed):
    from mdgmvae import GMVAE

    toy = processes.rings(6000, 200 + seed, beside=20)
    model = GMVAE.from_preset("robust", lag=LAG, seed=seed, verbose=False).fit(toy.X)
    assert model.n_states_ == 2
    q = model.predict_proba(toy.X)
    assert judge(q.argmax(axis=1), q, states=model.predict_states(toy.X), lag=LAG).is_supported
