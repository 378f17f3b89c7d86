"""Free energies and their errors, compared with known answers."""

import re
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import MDAnalysis as mda
import numpy as np
import pytest
from alanine_basins import metastable
from MDAnalysis.analysis.results import Results
from scipy.stats import norm

from mdgmvae import FeatureSet, GMVAEAnalysis
from mdgmvae.data import alanine_dipeptide
from mdgmvae.data.potentials import FIVE_WELLS, MUELLER_BROWN
from mdgmvae.data.toys import mueller_brown
from mdgmvae.errors import InputError
from mdgmvae.featurizers import featurize
from mdgmvae.landscape import free_energy, free_energy_grid, state_free_energies
from mdgmvae.landscape.bootstrap import Blocks
from mdgmvae.landscape.coordinates import coordinates_of, free_energy_of, read_coordinates
from mdgmvae.landscape.state_energies import state_free_energies_of
from mdgmvae.storage.npy import write_description

R = 0.00831446261815324
"""kJ / (mol K)."""


def mixture(n: int, seed: int = 0) -> np.ndarray:
    """Return independent samples of two Gaussians."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < 0.7, rng.normal(-1, 0.4, n), rng.normal(1.2, 0.5, n))


def analytic_error(found, n: int) -> np.ndarray:
    """Return the standard error of ln p for n independent samples."""
    (edge,) = found.edges
    p = 0.7 * np.diff(norm(-1, 0.4).cdf(edge)) + 0.3 * np.diff(norm(1.2, 0.5).cdf(edge))
    return np.sqrt((1 - p) / (n * p))


def jumping(n: int, stay: int, seed: int = 0) -> np.ndarray:
    """Return labels of two states with populations 3/4 and 1/4, drawn every `stay` frames."""
    rng = np.random.default_rng(seed)
    return np.repeat((rng.random(n // stay) < 0.25).astype(int), stay)


# --- errors ------------------------------------------------------------------------------


def test_errors_of_independent_samples_are_those_of_counting():
    n = 20_000
    found = free_energy(mixture(n), bins=20, block_length=20, n_bootstrap=400)
    expected = analytic_error(found, n)
    well = expected < 0.2
    assert well.sum() > 12
    ratio = found.error[well] / expected[well]
    np.testing.assert_allclose(ratio, 1.0, atol=0.2)
    assert abs(ratio.mean() - 1) < 0.05
    assert abs(found.trend - 1) < 0.1


def test_the_default_blocks_give_the_same_but_rougher():
    n = 20_000
    found = free_energy(mixture(n), bins=20)
    assert (found.n_blocks, found.block_length) == (50, 400.0)
    well = analytic_error(found, n) < 0.2
    ratio = found.error[well] / analytic_error(found, n)[well]
    assert abs(ratio.mean() - 1) < 0.12


def test_few_blocks_do_not_make_errors_too_small():
    """The error of a single trajectory is rough, so the mean over many trajectories is tested."""
    variances = []
    for seed in range(60):
        labels = (mixture(500, seed) > 0.2).astype(int)
        states = state_free_energies(labels, block_length=100, seed=seed)
        assert states.n_blocks == 5
        p = labels.mean()
        variances.append(states.error[1] ** 2 / (1 / (500 * p) + 1 / (500 * (1 - p))))
    assert 0.85 < np.mean(variances) < 1.25


def test_frames_that_are_alike_count_once():
    samples = mixture(2_000)
    found = free_energy(np.repeat(samples, 50), bins=20, block_length=1_000, n_bootstrap=400)
    naive = analytic_error(found, 100_000)
    well = naive < 0.03
    assert well.sum() > 8
    assert np.mean(found.error[well] / naive[well]) == pytest.approx(np.sqrt(50), rel=0.1)
    assert abs(found.trend - 1) < 0.15


def test_trend_tells_that_blocks_are_too_short():
    correlated = np.repeat(mixture(2_000), 50)
    found = free_energy(correlated, bins=20, block_length=20)
    assert 1.25 < found.trend < 1.5  # less than sqrt(2), because some blocks contain a change


def true_energies(potential, edges):
    """Return -ln p of the bins from a fine grid; NaN for bins with hardly any probability."""
    points = potential.grid(1_000)
    energy = potential.energy(points)
    weights = np.exp((energy.min() - energy) / potential.kT)
    p, _ = np.histogramdd(points, edges, weights=weights)
    p /= weights.sum()
    return -np.log(np.where(p > 1e-6, p, np.nan))


@pytest.mark.slow
def test_the_truth_lies_within_the_errors_of_langevin_dynamics():
    deviations, inside = [], []
    for seed in range(4):
        X, lengths, _ = mueller_brown(60, 100, seed=seed, steps=200)
        found = free_energy(X, bins=30, lengths=lengths, block_length=50)
        counts, _ = np.histogramdd(X, found.edges)
        well = counts >= 30
        # Both are compared as -ln p, because shifting the lowest bin to zero would add an error.
        shift = -np.log(counts.max() / len(X))
        truth = true_energies(MUELLER_BROWN, found.edges)[well] - shift
        deviations += list((found.energy[well] - truth) / found.error[well])
        inside += list((found.lower[well] <= truth) & (truth <= found.upper[well]))
    assert len(deviations) > 100
    assert np.mean(np.abs(deviations) < 2) > 0.9 and np.mean(np.abs(deviations) < 3) > 0.97
    assert np.mean(inside) > 0.9
    assert 0.8 < np.std(deviations) < 1.25  # the errors are not too large either


def test_intervals_hold_the_truth_in_95_of_100_trajectories():
    weights = np.array([0.7, 0.3])
    exact = np.log(weights[0] / weights[1])
    held = errors = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        labels = np.repeat((rng.random(400) < 0.3).astype(int), 5)
        found = state_free_energies(labels, block_length=50, seed=seed)
        held += found.lower[1] <= exact <= found.upper[1]
        errors += abs(found.energy[1] - exact) < 2 * found.error[1]
    assert held / 150 > 0.9 and errors / 150 > 0.9


def five_wells(n: int, rng) -> np.ndarray:
    """Independent samples of the mixture of five Gaussians."""
    wells = rng.choice(5, n, p=[0.35, 0.25, 0.20, 0.12, 0.08])
    spread = np.linalg.cholesky(np.linalg.inv(FIVE_WELLS.precisions))[wells]
    return FIVE_WELLS.centres[wells] + np.einsum("nij,nj->ni", spread, rng.normal(size=(n, 3)))


def test_three_dimensions_have_errors_too():
    rng = np.random.default_rng(0)
    points, many = five_wells(20_000, rng), five_wells(1_000_000, rng)
    found = free_energy(points, bins=[8, 9, 10], block_length=20)
    assert found.energy.shape == found.error.shape == (8, 9, 10)
    counts, _ = np.histogramdd(points, found.edges)
    well = counts > 100
    truth = -np.log(np.histogramdd(many, found.edges)[0][well] / len(many))
    z = (found.energy[well] - np.log(counts.max() / 20_000) - truth) / found.error[well]
    assert len(z) > 30 and np.mean(np.abs(z) < 2) > 0.9 and np.mean(np.abs(z) < 3) > 0.97


def test_bins_that_few_blocks_visited_have_no_error():
    points = np.zeros(1_000)
    points[::2] = 1.0  # everywhere
    points[500:520] = 2.0  # in one block
    found = free_energy(points, bins=4, block_length=20)
    assert np.isfinite(found.error[[0, 2]]).all()
    assert np.isinf(found.error[3]) and np.isinf(found.upper[3]) and found.lower[3] > 0
    assert np.isnan([a[1] for a in (found.energy, found.error, found.lower, found.upper)]).all()
    states = state_free_energies(np.where(points == 2, 1, 0), k=3, block_length=20)
    assert np.isinf(states.error[1]) and np.isinf(states.upper[1])
    assert np.isnan(states.energy[2]) and np.isnan(states.error[2])
    other = state_free_energies(np.where(points == 2, 1, 0), block_length=20, reference=1)
    assert np.isinf(other.error[0]) and np.isneginf(other.lower[0]) and other.error[1] == 0
    pair = np.where(points == 2, 1 + np.arange(1_000) % 2, 0)  # two states of one block
    absent = state_free_energies(pair, block_length=20, reference=1)
    assert np.isneginf(absent.lower[2]) and np.isinf(absent.upper[2])
    assert "inf" in str(states) and repr(found).startswith("free energy")


# --- energies ----------------------------------------------------------------------------


@pytest.mark.parametrize("d", [1, 2, 3])
def test_energies_are_those_of_the_grid(d):
    points = np.random.default_rng(0).normal(size=(3_000, d))
    found = free_energy(points, temperature=310.0)
    energy, edges = free_energy_grid(points, temperature=310.0)
    np.testing.assert_allclose(found.energy, energy)
    for own, grids in zip(found.edges, edges, strict=True):
        np.testing.assert_array_equal(own, grids)
    there = np.isfinite(found.energy)
    assert (found.lower[there] <= found.energy[there] + 1e-9).mean() > 0.95
    assert (found.upper[there] >= found.energy[there] - 1e-9).mean() > 0.95


def test_kilojoules_per_mole_are_kT_times_RT():
    points = mixture(4_000)
    reduced, molar = (free_energy(points, temperature=t) for t in (None, 300.0))
    assert (reduced.unit, molar.unit, molar.temperature) == ("kT", "kJ/mol", 300.0)
    for name in ("energy", "error", "lower", "upper"):
        np.testing.assert_allclose(getattr(molar, name), R * 300 * getattr(reduced, name))
    labels = (points > 0.2).astype(int)
    reduced, molar = (state_free_energies(labels, temperature=t) for t in (None, 300.0))
    np.testing.assert_allclose(molar.energy, R * 300 * reduced.energy)
    np.testing.assert_allclose(molar.error, R * 300 * reduced.error)
    assert "kJ/mol" in str(molar)


def test_states_are_compared_with_one_of_them():
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    np.random.default_rng(0).shuffle(labels)
    labels = np.append(labels, [-1] * 500)
    found = state_free_energies(labels, block_length=10)
    np.testing.assert_allclose(found.energy, -np.log([1, 0.5, 1 / 6]))
    np.testing.assert_allclose(found.populations, [0.6, 0.3, 0.1])
    assert found.error[0] == 0 and (found.error[1:] > 0).all()
    swapped = state_free_energies(labels, block_length=10, reference=1)
    np.testing.assert_allclose(swapped.energy, found.energy - found.energy[1])
    assert swapped.error[0] == pytest.approx(found.error[1])


def test_the_error_of_a_difference_is_not_that_of_a_population():
    """With two states, the error of the difference is larger than that of a population."""
    points = jumping(20_000, 1).astype(float)
    whole = free_energy(points, bins=2, block_length=100)
    difference = free_energy(points, bins=2, block_length=100, reference=[0.0])
    states = state_free_energies(points.astype(int), block_length=100)
    np.testing.assert_allclose(difference.energy, states.energy)
    np.testing.assert_allclose(difference.error, states.error)
    assert difference.error[0] == 0
    assert difference.error[1] == pytest.approx(whole.error.sum(), rel=0.02)


def test_points_are_looked_up():
    points = np.random.default_rng(0).normal(size=(2_000, 2))
    found = free_energy(points, bins=10)
    energy, error = found.at([[0.0, 0.0], [99.0, 0.0]])
    i, j = (int(np.searchsorted(edge, 0.0)) - 1 for edge in found.edges)
    assert energy[0] == found.energy[i, j] and error[0] == found.error[i, j]
    assert np.isnan([energy[1], error[1]]).all()
    assert found.at([0.0, 0.0])[0].shape == (1,)
    assert [len(c) for c in found.centers] == [10, 10]


# --- blocks of time ----------------------------------------------------------------------


def test_no_block_lies_in_two_segments():
    blocks = Blocks.of_frames(100, [30, 3, 67], 10)
    assert set(np.cumsum([0, 30, 3, 67])) <= set(blocks.edges)
    assert np.diff(blocks.edges).tolist() == [10] * 3 + [3] + [10, 10, 10, 10, 9, 9, 9]
    assert blocks.segments.tolist() == [0] * 3 + [1] + [2] * 7


def test_frames_of_a_block_are_never_separated():
    """Every block is half in each state, so the shares do not depend on the blocks drawn."""
    labels = np.tile(np.repeat([0, 1], 10), 40)
    assert state_free_energies(labels, block_length=20).error[1] == pytest.approx(0, abs=1e-12)
    assert state_free_energies(labels, block_length=10).error[1] > 0.1
    shifted = np.append(labels[:10], labels)
    kept = state_free_energies(shifted, lengths=[10, 800], block_length=20)
    assert 0 < kept.error[1] < 0.1  # from the short segment only


def test_the_same_seed_gives_the_same_errors():
    points = mixture(2_000)
    a, b, c = (free_energy(points, seed=seed).error for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_more_replicas_than_fit_at_once_are_the_same(monkeypatch):
    points = np.random.default_rng(0).normal(size=(2_000, 2))
    whole = free_energy(points, bins=30)
    monkeypatch.setattr("mdgmvae.landscape.bootstrap._HELD", 1_000)
    np.testing.assert_array_equal(free_energy(points, bins=30).upper, whole.upper)


# --- angles ------------------------------------------------------------------------------


def angle_features(tmp_path, degrees, form="cossin"):
    """Return features with one dihedral, one distance and one bond angle."""
    radians = np.radians(degrees)
    columns = {"cossin": [np.cos(radians), np.sin(radians)], "radians": [radians]}[form]
    names = ["phi ALA2 cos", "phi ALA2 sin"] if form == "cossin" else ["phi ALA2"]
    units = ["1", "1"] if form == "cossin" else ["radian"]
    more = [np.linspace(3, 4, len(degrees)), np.linspace(1.8, 2.0, len(degrees))]
    path = tmp_path / f"{form}.npy"
    np.save(path, np.column_stack([*columns, *more]).astype(np.float32))
    return replace(
        FeatureSet.load(path),
        names=(*names, "distance ALA2:N-ALA2:C", "angle ALA2:N-ALA2:CA-ALA2:C"),
        units=(*units, "angstrom", "radian"),
    )


class Analysed:
    def __init__(self, n):
        self.latent, self.lengths = np.linspace(0, 1, n)[:, None], (n,)


@pytest.mark.parametrize("form", ["cossin", "radians"])
def test_angles_go_round(tmp_path, form):
    rng = np.random.default_rng(0)
    degrees = 180 + 20 * rng.normal(size=4_000)
    if form == "radians":
        degrees = (degrees + 180) % 360 - 180
    features = angle_features(tmp_path, degrees, form)
    names = ["phi ALA2", "phi ALA2 cos", "phi ALA2 sin"] if form == "cossin" else ["phi ALA2"]
    for name in names:
        found = free_energy_of(Analysed(4_000), features, name, bins=36)
        assert found.names == ("phi ALA2",) and found.axis_units == ("degree",)
        assert found.periods == (360.0,)
        assert found.edges[0][0] == -180 and found.edges[0][-1] == 180
        assert np.nanargmin(found.energy) in (0, 35)
        # 170 and 190 degrees are as far from the minimum.
        assert abs(found.energy[0] - found.energy[-1]) < 3 * (found.error[0] + found.error[-1])
        assert found.at([175.0]) == found.at([175.0 - 360])
        assert np.isnan(found.energy[18])


def test_cosine_and_sine_together_are_one_angle(tmp_path):
    features = angle_features(tmp_path, np.linspace(-170, 170, 100))
    found = free_energy_of(Analysed(100), features, ["phi ALA2 cos", "phi ALA2 sin"])
    assert found.names == ("phi ALA2",)


def test_angles_of_somebody_else_are_found_and_taken_as_they_are(tmp_path):
    """Cosine and sine are not adjacent columns; another angle is in degrees already."""
    degrees = np.linspace(-170, 170, 100)
    radians = np.radians([degrees, degrees / 2])
    path = tmp_path / "x.npy"
    columns = [*np.cos(radians), *np.sin(radians), degrees]
    np.save(path, np.column_stack(columns).astype(np.float32))
    described = FeatureSet.load(path).describe() | {
        "names": ["phi cos", "psi cos", "phi sin", "psi sin", "tilt"],
        "units": ["1", "1", "1", "1", "degree"],
    }
    write_description(path.with_suffix(".json"), described)
    features = FeatureSet.load(path)
    phi, psi, tilt = coordinates_of(features).values()
    assert (phi.name, psi.name, tilt.name) == ("phi", "psi", "tilt")
    values = read_coordinates(features, [phi, psi, tilt])
    expected = np.column_stack([degrees, degrees / 2, degrees])
    np.testing.assert_allclose(values, expected, rtol=1e-4)


def test_distances_and_bond_angles_do_not_go_round(tmp_path):
    features = angle_features(tmp_path, np.linspace(-170, 170, 100))
    names = ["distance ALA2:N-ALA2:C", "angle ALA2:N-ALA2:CA-ALA2:C"]
    found = free_energy_of(Analysed(100), features, names, bins=5)
    assert found.axis_units == ("angstrom", "degree") and found.periods == (None, None)
    np.testing.assert_allclose(found.edges[0][[0, -1]], [3, 4])
    np.testing.assert_allclose(found.edges[1][[0, -1]], np.degrees([1.8, 2.0]), rtol=1e-6)


def test_latent_coordinates_are_the_default(tmp_path):
    features = angle_features(tmp_path, np.linspace(-170, 170, 100))
    found = free_energy_of(Analysed(100), features)
    assert found.names == ("z",) and found.axis_units == ("1",) and found.periods == (None,)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("phi ALA3", "did you mean phi ALA2"),
        (["phi ALA2", "xyz"], "there is no feature 'xyz'; there are phi ALA2, distance"),
        ([], "0 features"),
    ],
)
def test_unknown_features_are_refused(tmp_path, names, says):
    features = angle_features(tmp_path, np.linspace(-170, 170, 100))
    with pytest.raises(InputError, match=says):
        free_energy_of(Analysed(100), features, names)


# --- the analysis ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """Return an analysis whose states are the basins of phi and psi instead of learned ones."""
    u = mda.Universe(*alanine_dipeptide())
    path = tmp_path_factory.mktemp("features") / "x.npy"
    features = featurize(u, "dihedrals", path, step=4, verbose=False)
    phi_cos, phi_sin, psi_cos, psi_sin = np.asarray(features.values).T
    components = np.where(phi_sin > 0.3, 2, (psi_cos > 0).astype(int))
    states = (components == 2).astype(int)
    results = Results(
        labels=states,
        probabilities=np.eye(2, dtype=np.float32)[states],
        components=components,
        component_probabilities=np.eye(4, dtype=np.float32)[components],
        latent=np.column_stack([phi_cos, psi_sin]),
        lengths=features.lengths,
    )
    phi, psi = np.arctan2(phi_sin, phi_cos), np.arctan2(psi_sin, psi_cos)
    return SimpleNamespace(
        features=features,
        results=results,
        angles=np.degrees(np.column_stack([phi, psi])),
        free_energy=partial(free_energy_of, results, features),
        state_free_energies=partial(state_free_energies_of, results),
    )


@pytest.mark.slow
def test_the_analysis_takes_features_by_name(analysed):
    found = analysed.free_energy(["phi ALA2", "psi ALA2"], temperature=300, bins=40, seed=1)
    assert found.names == ("phi ALA2", "psi ALA2") and found.unit == "kJ/mol"
    np.testing.assert_allclose(found.points, analysed.angles, atol=1e-3)
    counts, _ = np.histogramdd(found.points, found.edges)
    there = counts > 0
    energies = R * 300 * np.log(counts.max() / counts[there])
    np.testing.assert_allclose(found.energy[there], energies)
    latent = analysed.free_energy(block_length=100)
    assert latent.names == ("z1", "z2") and latent.n_blocks == 50
    np.testing.assert_allclose(latent.points, analysed.results.latent)


@pytest.mark.slow
def test_the_analysis_compares_its_states(analysed):
    lumped = analysed.state_free_energies(temperature=300)
    assert lumped.energy.shape == (2,) and lumped.unit == "kJ/mol"
    parts = analysed.state_free_energies("components", reference=1)
    components = analysed.results.components
    shares = np.bincount(components, minlength=4) / len(components)
    np.testing.assert_allclose(parts.populations, shares)
    assert parts.error[1] == 0 and np.isnan(parts.energy[3])
    # The left-handed basin was visited once, so the data give no tight upper bound.
    assert parts.upper[2] > 2 + parts.energy[2]
    with pytest.raises(InputError, match="of='macrostates': choose 'states' or 'components'"):
        analysed.state_free_energies("macrostates")


def test_lengths_of_the_analysis_are_respected(analysed):
    whole = analysed.free_energy("phi ALA2", block_length=1_000)
    analysed.results.lengths = (2_500, 2_500)
    try:
        halves = analysed.free_energy("phi ALA2", block_length=2_000)
    finally:
        analysed.results.lengths = analysed.features.lengths
    assert (whole.n_blocks, halves.n_blocks, halves.block_length) == (5, 2, 2_500.0)


def test_without_results_there_is_no_free_energy():
    gm = GMVAEAnalysis(mda.Universe(*alanine_dipeptide()))
    for ask in (gm.free_energy, gm.state_free_energies):
        with pytest.raises(InputError, match=r"call run\(\) first"):
            ask()


# --- invalid input -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        *(({"temperature": t}, "temperature=") for t in (0, -5, np.nan, np.inf, "x", True)),
        ({"bins": 0}, "bins"),
        ({"bins": [5, 5]}, "2 numbers were given for 1 coordinate"),
        ({"block_length": 0}, "block_length"),
        ({"block_length": 100}, "1 block"),
        ({"n_bootstrap": 1}, "n_bootstrap"),
        ({"seed": -1}, "seed"),
        ({"lengths": [50, 51]}, "lengths"),
        ({"reference": [7.0]}, "its bin has no frames"),
        ({"reference": [1.0, 2.0]}, "pass a point of 1 coordinates"),
        ({"names": ["a", "b"]}, "names"),
        ({"periods": [360, None]}, "periods"),
    ],
)
def test_free_energy_refuses(options, says):
    with pytest.raises(InputError, match=says):
        free_energy(np.linspace(0, 1, 100), **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"temperature": "x"}, "temperature"),
        ({"reference": 2}, "no frames"),
        ({"reference": 7}, "no frames"),
        ({"k": 1}, "k=1"),
        ({"block_length": 4}, "1 block"),
    ],
)
def test_state_free_energies_refuse(options, says):
    with pytest.raises(InputError, match=says):
        state_free_energies([0, 1, 0, 1, 3], **options)


def test_too_many_blocks_are_refused():
    with pytest.raises(InputError, match="2 to 10,000"):
        free_energy(np.zeros(20_001), block_length=1)


def test_one_visit_is_one_however_many_blocks_it_fills():
    """3 % of the frames are from one visit, so no block length gives them a finite error."""
    states = metastable()
    for block_length in (20, 50, 100, 400):
        found = state_free_energies(states, block_length=block_length)
        assert np.isinf(found.error[2]) and np.isinf(found.upper[2])
        assert np.isfinite(found.error[1])
        assert "inf where a state was visited too few times" in str(found)


def test_visits_are_counted_through_blocks():
    blocks = Blocks.of_frames(1000, [600, 400], length=10)
    labels = np.zeros(1000, int)
    labels[100:200] = 1
    labels[300:350] = 1
    labels[700:705] = 1
    labels[705:990:15] = 2
    visits = blocks.visits(blocks.counts(labels, 3))
    assert visits[1] == pytest.approx(3, abs=0.8)
    assert visits[2] > 9


def test_free_energies_show_themselves():
    found = free_energy(np.random.default_rng(0).normal(size=(500, 2)), bins=5)
    rows = dict(re.split(r"  +", line) for line in found.text().splitlines()[1:])
    assert rows["coordinates"] == "z1, z2" and rows["bins"] == "5 x 5"
    assert rows["bins with frames"] == str(np.isfinite(found.energy).sum())
    states = state_free_energies(np.arange(1000) % 4 // 3, temperature=300)
    assert states.tables()[0].columns[-1] == "95 % interval / kJ/mol"
    for shown in (found, states):
        assert repr(shown) == shown.text()
        assert shown._repr_html_().startswith("<table>")


def test_blocks_that_are_too_short_are_told():
    slow = jumping(20_000, stay=300)
    assert "choose a longer block_length" in str(state_free_energies(slow, block_length=100))
    assert "block_length" not in str(state_free_energies(jumping(20_000, stay=5)))


@pytest.mark.parametrize(
    ("points", "says"),
    [([[1.0, 2.0, 3.0]], "2 coordinates each"), ([[np.nan, 2.0]], "frame 0 is not finite")],
)
def test_points_of_another_kind_are_refused(points, says):
    found = free_energy(np.random.default_rng(0).normal(size=(500, 2)), bins=5)
    with pytest.raises(InputError, match=f"points: .*{says}"):
        found.at(points)
