"""Exploring the results of an analysis."""

import mdtraj
import numpy as np
import pytest
from small_analyses import alanine

from mdgmvae import GMVAEAnalysis
from mdgmvae.assignment.results import TrajectoryResults
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.viewer.explored_results import explore_results


@pytest.mark.parametrize(
    ("coordinates", "axes", "periods"),
    [
        (None, ("latent z1", "latent z2"), (None, None)),
        (("phi ALA2", "psi ALA2"), ("phi ALA2 / °", "psi ALA2 / °"), (360, 360)),
        ("psi ALA2", ("frame", "psi ALA2 / °"), (None, 360)),
    ],
)
def test_analysis_is_explored_over_latent_or_features(analysed, coordinates, axes, periods):
    explorer = analysed.explore(coordinates)
    assert (explorer.mapped.axes, explorer.mapped.periods) == (axes, periods)
    assert explorer.mapped.names == ["state 0", "state 1"]
    assert (explorer.mapped.labels == analysed.results.labels).all()
    if coordinates == ("phi ALA2", "psi ALA2"):
        trajectory = mdtraj.load(
            [str(path) for path in alanine_dipeptide().trajectories],
            top=str(alanine_dipeptide().topology),
        )[::20]
        phi, psi = mdtraj.compute_phi(trajectory)[1], mdtraj.compute_psi(trajectory)[1]
        expected = np.degrees(np.hstack([phi, psi]))
        assert explorer.mapped.points == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("n_z", "axes"),
    [(1, ("frame", "latent z")), (3, ("latent z1 of 3", "latent z2 of 3"))],
)
def test_latent_space_of_another_dimension(analysed, n_z, axes):
    latent = np.arange(1000 * n_z, dtype=np.float32).reshape(1000, n_z)
    results = TrajectoryResults(**{**analysed.results.data, "latent": latent})
    explorer = explore_results(analysed.atomgroup, results, None)
    assert explorer.mapped.axes == axes
    assert (explorer.mapped.points[:, -1] == latent[:, :2][:, -1]).all()


def test_components_are_explored(analysed):
    explorer = analysed.explore(of="components")
    assert explorer.mapped.names == ["component 0", "component 1", "component 2"]
    assert (explorer.mapped.labels == analysed.results.components).all()


def test_wrong_arguments_of_an_analysis(analysed):
    with pytest.raises(InputError, match="of='clusters'"):
        analysed.explore(of="clusters")
    with pytest.raises(InputError, match="no feature 'phi ALA9'; did you mean phi ALA2"):
        analysed.explore(("phi ALA9", "psi ALA2"))
    with pytest.raises(InputError, match="call run"):
        GMVAEAnalysis(alanine()).explore()
