"""The description of states, compared with plain computations from the frames."""

import csv
import json
import tracemalloc
from copy import copy

import MDAnalysis as mda
import numpy as np
import pytest
from alanine_basins import dihedrals, metastable
from MDAnalysis.analysis.results import Results
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import circmean, circstd

from mdgmvae import GMVAE, FeatureSet, GMVAEAnalysis, plot
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Dihedrals, Distances, featurize
from mdgmvae.states import describe, describe_both
from mdgmvae.states import description as description_module
from mdgmvae.states.state_features import Description
from mdgmvae.training.dataset import Dataset

STEP = 10
#: Bonds, which do not differ between the states.
DISTANCES = Distances(pairs=[(1, 4), (16, 18)])
FEW = {"n_init": 1, "n_epochs": 4, "refit": False, "seed": 0, "verbose": False}


@pytest.fixture(scope="module")
def universe():
    return mda.Universe(*alanine_dipeptide())


@pytest.fixture(scope="module")
def analysis(universe):
    """Return both angles as cosine and sine, one also in radians, and two distances."""
    wanted = [Dihedrals(), Dihedrals(angles="phi", form="radians"), DISTANCES]
    return GMVAEAnalysis(universe, features=wanted, k=5, **FEW).run(step=STEP)


@pytest.fixture(scope="module")
def features(analysis):
    return analysis.features


@pytest.fixture(scope="module")
def model(analysis):
    return analysis.model


@pytest.fixture(scope="module")
def basins(features):
    """Return the known basins as the labels and probabilities of a model that is certain."""
    labels = metastable()[::STEP]
    q = np.eye(5, dtype=np.float32)[labels]
    return Results(
        labels=labels,
        probabilities=q,
        components=labels,
        component_probabilities=q,
        latent=np.radians(dihedrals()[::STEP]).astype(np.float32),
        frames=features.frames,
    )


@pytest.fixture(scope="module")
def described(model, features, basins):
    return describe(model, features, basins, of="components")


def assigned(model, features):
    """Return the results of an analysis of these features."""
    q = model.predict_proba(features.values)
    labels, probabilities = model.states_of(q)
    return Results(
        labels=labels,
        probabilities=probabilities,
        components=q.argmax(axis=1),
        component_probabilities=q,
        latent=model.transform(features.values),
        frames=features.frames,
    )


def of(description, state, name):
    return next(f for f in description.top(state, 99) if f.name == name)


def test_phi_names_the_state_of_positive_phi(analysis):
    found = analysis.describe()
    assert (found.of, found.kind) == ("states", "state")
    assert found.names[:2] == ("phi ALA2", "psi ALA2")
    assert found.n_frames.tolist() == np.bincount(analysis.results.labels).tolist()
    (left,) = [state for state in found.states if 30 < of(found, state, "phi ALA2").mean < 90]
    first = found.top(left, 1)[0]
    assert (first.name, first.unit) == ("phi ALA2", "degree")
    assert first.effect_size > 3
    line = next(s for s in found.brief().splitlines() if s.split()[0] == str(left))
    assert line.split()[1:3] == ["phi", "ALA2"]


def test_angles_are_circular(described):
    phi = dihedrals()[::STEP, 0]
    for state in range(3):
        own = phi[metastable()[::STEP] == state]
        pair, radians = [f for f in described.top(state, 99) if f.name == "phi ALA2"]
        for found in (pair, radians):
            assert found.unit == "degree"
            assert_allclose(found.mean, circmean(own, 180, -180), atol=0.05)
            assert_allclose(found.spread, circstd(own, 180, -180), rtol=1e-3)
        assert_allclose(pair.effect_size, radians.effect_size, rtol=1e-4)


def test_effect_sizes_are_those_of_plain_numpy(described, features):
    labels, phi = metastable()[::STEP], dihedrals()[::STEP, 0]
    distance = features.values[:, 5].astype(float)
    assert described.units[3] == "angstrom"
    for state in range(3):
        own, rest = labels == state, labels != state
        freedom = len(labels) - 2
        correction = 1 - 3 / (4 * freedom - 1)
        squares = sum(np.square(distance[r] - distance[r].mean()).sum() for r in (own, rest))
        g = (distance[own].mean() - distance[rest].mean()) / np.sqrt(squares / freedom)
        found = of(described, state, described.names[3])
        assert_allclose(found.effect_size, g * correction, rtol=1e-6)
        assert_allclose((found.mean, found.spread), (distance[own].mean(), distance[own].std()))
        turn = circmean(phi[own], 180, -180) - circmean(phi[rest], 180, -180)
        turn = (turn + 180) % 360 - 180
        variances = [circstd(phi[r], 180, -180) ** 2 * r.sum() for r in (own, rest)]
        angular = turn / np.sqrt(sum(variances) / freedom) * correction
        assert_allclose(described.effect_size[state, 0], angular, rtol=1e-3)


def test_the_angle_that_differs_comes_first(described):
    """beta and alphaR differ in psi, the third basin in phi; the sign gives the direction."""
    first = [described.top(state, 1)[0] for state in range(3)]
    assert [f.name for f in first[:2]] == ["psi ALA2", "psi ALA2"]
    assert first[2].name == "phi ALA2" and first[2].effect_size > 4
    sizes = [abs(f.effect_size) for f in described.top(1, 99)]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"scale": None}, {"scale": "tica", "lag": 2}], ids=str)
def test_gradients_are_finite_differences(universe, settings, monkeypatch):
    monkeypatch.setattr(description_module, "GRADIENT_FRAMES", 10**6)
    features = featurize(
        universe, [Dihedrals(angles="phi"), Distances(pairs=[(6, 16), (1, 18)])], step=50
    )
    model = GMVAE(k=4, n_epochs=4, r_nent=1.0, batch_size=40, lr=1e-2, seed=0, **settings)
    model.fit(features.path)
    # Two components are lumped into one state by hand.
    model.state_of_component_ = np.array([0, 1, 0, 1])
    results = assigned(model, features)
    x = np.array(features.values)
    phi = np.arctan2(x[:, 1], x[:, 0])
    units = [min(circstd(phi), np.pi / np.sqrt(3)), x[:, 2].astype(float).std()]

    def log_q(members, phi, distance):
        moved = np.column_stack([np.cos(phi), np.sin(phi), x[:, 2:] + [distance, 0]])
        q = model.predict_proba(moved.astype(np.float32)).astype(float)
        # 1 - q would lose its digits where q is close to 1.
        return -np.log1p(q @ (1 - members) / (q @ members))

    step = 1e-3
    grouped = {"components": np.eye(4), "states": np.array([[1, 0, 1, 0], [0, 1, 0, 1]])}
    for of_what, labels in (("components", results.components), ("states", results.labels)):
        found = describe(model, features, results, of_what)
        for state, members in enumerate(grouped[of_what][:2]):
            by_phi = log_q(members, phi + step, 0) - log_q(members, phi - step, 0)
            by_distance = log_q(members, phi, step) - log_q(members, phi, -step)
            slopes = np.abs([by_phi, by_distance])[:, labels == state] / (2 * step)
            expected = slopes.mean(axis=1) * units
            assert (expected > 1e-3).all()
            assert_allclose(found.gradient[state, :2], expected, rtol=0.02)


def test_states_and_components_are_described_in_one_pass(analysis, monkeypatch):
    """The results equal those of two calls of `describe`, but the features are read once."""
    read = []
    chunks = Dataset.chunks
    monkeypatch.setattr(Dataset, "chunks", lambda data: read.append(data) or chunks(data))
    both = describe_both(analysis.model, analysis.features, analysis.results)
    assert len(read) == 1
    for found, of_what in zip(both, ("states", "components"), strict=True):
        alone = analysis.describe(of_what)
        assert found.of == of_what
        assert_array_equal(found.n_frames, alone.n_frames)
        for name in ("mean", "spread", "effect_size", "gradient"):
            expected = getattr(alone, name)
            assert_allclose(getattr(found, name), expected, rtol=1e-9, err_msg=name)
        for first, second in zip(found.representatives, alone.representatives, strict=True):
            assert_array_equal(first, second)


def test_chunks_change_nothing(described, model, features, basins, monkeypatch):
    monkeypatch.setattr("mdgmvae.training.dataset.BLOCK_BYTES", 1000)
    monkeypatch.setattr("mdgmvae.states.sensitivity.BLOCK_BYTES", 1000)
    again = describe(model, features, basins, of="components")
    for name in ("mean", "spread", "effect_size", "gradient"):
        assert_allclose(getattr(again, name), getattr(described, name), rtol=1e-5, err_msg=name)
    assert_array_equal(again.n_frames, described.n_frames)


@pytest.mark.slow
def test_memory_is_bounded(tmp_path, monkeypatch):
    """Features of 24 MB are read in blocks of 1 MB, and less than half of 24 MB is used."""
    monkeypatch.setattr("mdgmvae.training.dataset.BLOCK_BYTES", 2**20)
    monkeypatch.setattr("mdgmvae.states.sensitivity.BLOCK_BYTES", 2**20)
    n, n_columns = 6000, 1000
    rng = np.random.default_rng(0)
    block = rng.normal(size=(2000, n_columns)).astype(np.float32)
    np.save(tmp_path / "x.npy", np.tile(block, (n // len(block), 1)))
    model = GMVAE(k=3, n_epochs=1, px_dims=(2,), qz_dims=(2,), seed=0, verbose=False)
    model.fit(block[:100])
    features = FeatureSet.load(tmp_path / "x.npy")
    labels = np.arange(n) % 3
    results = Results(
        components=labels, component_probabilities=np.full((n, 3), 0.3, np.float32),
        latent=rng.normal(size=(n, 1)), frames=np.arange(n),
    )  # fmt: skip
    tracemalloc.start()
    found = describe(model, features, results, of="components")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12e6
    own = np.tile(block, (n // len(block), 1))[labels == 2]
    assert_allclose(found.mean[2], own.mean(axis=0, dtype=float), atol=1e-6)


def test_numbers_far_from_zero_keep_their_digits(model, basins, tmp_path):
    """Constant columns have no effect size; a large offset does not hide a small spread."""
    labels = basins.components
    noise = np.random.default_rng(0).normal(size=len(labels))
    columns = (np.full(len(labels), 0.1), 7.7 + (labels == 2), 2000 + 0.01 * noise, noise)
    x = np.column_stack([*columns, noise, noise, noise]).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    found = describe(model, FeatureSet.load(tmp_path / "x.npy"), basins, of="components")
    assert found.effect_size[:3, 0].tolist() == [0, 0, 0]
    assert found.effect_size[2, 1] == np.inf
    assert found.top(2, 1)[0].name == "x1"
    assert found.spread[:3, :2].max() == 0
    expected = [x[labels == state, 2].astype(float).std() for state in range(3)]
    assert_allclose(found.spread[:3, 2], expected, rtol=1e-6)
    written = json.dumps(found.to_dict(), allow_nan=False)
    assert '"effect_size": null' in written
    assert "+inf" in found.text()
    plot.effect_sizes(found)


def test_representatives_are_frames_of_the_state(analysis):
    results = analysis.results
    for description, labels in (
        (analysis.describe(n_representatives=4), results.labels),
        (analysis.describe("components", n_representatives=4), results.components),
    ):
        for state in description.states:
            frames = description.representatives[state]
            assert frames.dtype == np.int64 and len(set(frames.tolist())) == 4
            rows = np.searchsorted(results.frames, frames)
            assert_array_equal(results.frames[rows], frames)
            assert set(labels[rows]) == {state}
    again = analysis.describe("components", n_representatives=4)
    for first, second in zip(again.representatives, description.representatives, strict=True):
        assert_array_equal(first, second)


def test_an_empty_component_and_frames_without_a_state(model, features, basins):
    labels = np.where(basins.labels == 2, -1, 2 * basins.labels)
    found = describe(model, features, Results({**basins, "components": labels}), of="components")
    assert found.states == [0, 2]
    assert len(found.representatives[1]) == 0
    assert np.isnan(found.mean[1]).all()
    assert not any(line.startswith("        1 ") for line in found.text().splitlines())
    nobody = Results({**basins, "components": 0 * labels})
    only = describe(model, features, nobody, of="components")
    assert only.brief() == ""
    assert [f.name for f in only.top(0, 2)] == ["phi ALA2", "psi ALA2"]
    with pytest.raises(InputError, match="choose one of the components with frames, \\[0\\]"):
        only.top(1)
    with pytest.raises(InputError, match="one state"):
        plot.effect_sizes(only)


def test_all_components_in_one_state_leave_nothing_to_tell(model, features):
    one = copy(model)
    one.state_of_component_ = np.zeros(5, int)
    found = describe(one, features, assigned(one, features))
    assert not found.gradient.any()
    assert found.states == [0]
    assert found.brief() == ""
    row = next(line for line in str(found).splitlines() if line.startswith("    0"))
    assert row.split()[:3] == ["0", "2,000", "100.0"]


def test_angles_that_point_nowhere_are_no_findings():
    """ "154 ± 144 degrees" was listed as what sets a state apart."""
    row = np.array([[1.2, -3.0, 0.9], [-1.2, 3.0, -0.9]])
    described = Description(
        of="states",
        names=("phi", "psi", "distance"),
        units=("degree", "degree", "angstrom"),
        n_frames=np.array([10, 10]),
        mean=np.array([[60.0, 154.0, 200.0], [-60.0, 10.0, 0.0]]),
        spread=np.array([[20.0, 144.0, 150.0], [20.0, 30.0, 1.0]]),
        effect_size=row,
        gradient=np.ones((2, 3)),
        representatives=(np.array([1]), np.array([2])),
    )
    assert [f.name for f in described.top(0)] == ["phi", "distance", "psi"]
    assert [f.name for f in described.top(1)] == ["psi", "phi", "distance"]
    first, second = described.brief().splitlines()[-2:]
    assert "phi" in first and "distance" in first and "psi" not in first
    assert "psi" in second


def test_text_html_and_json_say_the_same(described):
    text, page = described.text(2), described._repr_html_()
    assert text.count("psi ALA2") >= 2
    row = next(line for line in text.splitlines() if line.startswith("        0"))
    assert row.split()[:5] == ["0", "1,090", "54.5", "psi", "ALA2"]
    assert row.endswith(", ".join(map(str, described.representatives[0])))
    assert page.count("<tr>") == 1 + 3 * 3
    kept = json.loads(json.dumps(described.to_dict(), allow_nan=False))
    assert kept["states"][2]["features"][0]["name"] == "phi ALA2"
    assert kept["states"][0]["representatives"] == described.representatives[0].tolist()
    assert all(len(line) <= 100 for line in described.brief().splitlines())
    title, head, *lines = described.brief().splitlines()
    assert title == "What sets the components apart"
    assert head.endswith("mean ± spread (effect size)")
    assert lines[2].startswith("        2  phi ALA2 5")
    assert repr(described) == described.text()


def test_csv_has_a_line_for_each_state_and_feature(described, tmp_path):
    described.to_csv(tmp_path / "states.csv")
    with open(tmp_path / "states.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 5
    assert {row["kind"] for row in rows} == {"component"}
    (row,) = [r for r in rows if (r["state"], r["feature"]) == ("2", described.names[3])]
    assert_allclose(float(row["mean"]), described.mean[2, 3], rtol=1e-5)
    assert_allclose(float(row["gradient"]), described.gradient[2, 3], rtol=1e-5)
    assert row["unit"] == "angstrom"
    assert [int(f) for f in row["representatives"].split()] == described.representatives[2].tolist()
    with pytest.raises(InputError, match="does not exist"):
        described.to_csv(tmp_path / "nowhere" / "states.csv")


def test_what_cannot_be_described_is_refused(universe, analysis, features, basins):
    with pytest.raises(InputError, match="call run"):
        GMVAEAnalysis(universe).describe()
    with pytest.raises(InputError, match="choose 'states' or 'components'"):
        analysis.describe(of="macrostates")
    with pytest.raises(InputError, match="n_representatives"):
        analysis.describe(n_representatives=0)
    fewer = Results({name: rows[:100] for name, rows in basins.items()})
    with pytest.raises(InputError, match=r"2,000 frames for 100 labels; pass"):
        describe(analysis.model, features, fewer, of="components")


def test_effect_sizes_are_drawn(described):
    axes = plot.effect_sizes(described, n=1)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["psi ALA2", "phi ALA2"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "1", "2"]
    shown = axes.images[0].get_array()
    assert_allclose(shown[0], np.clip(described.effect_size[:3, 1], -4, 4))
    assert plot.effect_sizes(described, ax=axes) is axes
    with pytest.raises(InputError, match="n=0"):
        plot.effect_sizes(described, n=0)
