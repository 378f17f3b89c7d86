"""Which frames are analysed, and in what order: backends, several files, memory."""

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysisTests import datafiles
from small_analyses import FAST, alanine

from mdgmvae import GMVAEAnalysis
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Distances, Positions


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["multiprocessing", "dask"])
def test_backends_give_identical_results(u, backend):
    serial = GMVAEAnalysis(u, **FAST).run(stop=2000, step=2)
    parallel = GMVAEAnalysis(alanine(), **FAST)
    parallel.run(stop=2000, step=2, backend=backend, n_workers=2)
    np.testing.assert_array_equal(serial.features.values, parallel.features.values)
    for name in ("labels", "components", "probabilities", "latent", "scores", "frames", "times"):
        np.testing.assert_array_equal(serial.results[name], parallel.results[name])
    again = parallel.run(stop=2000, step=2, backend=backend, n_workers=2)
    np.testing.assert_array_equal(serial.results.labels, again.results.labels)


@pytest.mark.slow
def test_frames_keep_their_order(u, analysed):
    frames = [int(f) for f in np.random.default_rng(0).permutation(analysed.results.frames)]
    with (
        pytest.warns(UserWarning, match="a lag of 5 frames is a different lag time"),
        pytest.raises(InputError, match="frames in time order, or train without kinetics"),
    ):
        GMVAEAnalysis(u, **FAST).run(frames=frames)
    without = {"n_macrostates": None, "vamp_weight": 0, "scale": "standard", "lag": None}
    gm = GMVAEAnalysis(u, **{**FAST, **without}).run(frames=frames)
    np.testing.assert_array_equal(gm.results.frames, frames)
    np.testing.assert_allclose(
        gm.features.values, analysed.features.values[np.array(frames) // 20], atol=1e-6
    )
    position = frames.index(80)
    assert u.trajectory[80].aux.gmvae_state == gm.results.labels[position]


@pytest.mark.slow
def test_two_files_are_one_trajectory(tmp_path):
    topology, (path,) = alanine_dipeptide()
    u = mda.Universe(topology, path)
    for name, part in (("a.xtc", slice(0, 700)), ("b.xtc", slice(700, 1500))):
        u.atoms.write(str(tmp_path / name), frames=u.trajectory[part])
    chained = mda.Universe(topology, [str(tmp_path / "a.xtc"), str(tmp_path / "b.xtc")])
    gm = GMVAEAnalysis(chained, **FAST).run()
    np.testing.assert_array_equal(gm.results.frames, np.arange(1500))
    np.testing.assert_array_equal(gm.results.trajectory_index, np.repeat([0, 1], [700, 800]))
    assert gm.features.lengths == gm.results.lengths == (700, 800)
    assert [len(dtraj) for dtraj in gm.results.dtrajs] == [700, 800]
    np.testing.assert_array_equal(np.concatenate(gm.results.dtrajs), gm.results.labels)
    assert "1,500 frames in 2 segments" in repr(gm.results)
    whole = GMVAEAnalysis(u, **FAST).run(stop=1500)
    np.testing.assert_allclose(gm.features.values, whole.features.values, atol=1e-3)
    assert chained.trajectory[900].aux.gmvae_state == gm.results.labels[900]


@pytest.mark.slow
def test_atom_groups_and_trajectories_in_memory(u):
    whole = GMVAEAnalysis(u, features=Distances(), **FAST).run(stop=1000)
    u.transfer_to_memory(stop=1000)
    group = GMVAEAnalysis(u.select_atoms("protein"), features="distances", **FAST).run()
    assert group.features.selection is None
    np.testing.assert_allclose(group.features.values, whole.features.values, atol=1e-4)
    assert u.trajectory[999].aux.gmvae_state == group.results.labels[999]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* frames are few for:UserWarning")
@pytest.mark.filterwarnings("ignore:DCDReader currently:DeprecationWarning")
@pytest.mark.parametrize(
    ("files", "features"),
    [
        ((datafiles.PSF, datafiles.DCD), "dihedrals"),
        ((datafiles.GRO, datafiles.XTC), Distances(scheme="ca", select="resid 1:20")),
        ((datafiles.PSF, datafiles.DCD), ["dihedrals", Positions(select="name CA")]),
    ],
)
def test_other_peoples_files(files, features):
    u = mda.Universe(*files)
    gm = GMVAEAnalysis(u, features=features, **FAST | {"k": 2})
    with pytest.warns(UserWarning, match="frames are too few to hold out|only 5 pairs"):
        gm.run()
    assert len(gm.results.labels) == len(u.trajectory)
    assert np.isfinite(gm.results.latent).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* frames are few for:UserWarning")
def test_a_second_run_is_like_a_first_one(u):
    again = GMVAEAnalysis(u, features="positions", **FAST).run(stop=600).run(start=100, stop=700)
    fresh = GMVAEAnalysis(u, features="positions", **FAST).run(start=100, stop=700)
    np.testing.assert_array_equal(again.results.latent, fresh.results.latent)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frames": [0, 99_999]}, "99,999|99999"),
        ({"start": 30_000}, "30,000|30000|no frame"),
        ({"n_parts": 2}, "n_parts"),
        ({"backend": "cluster"}, "cluster"),
        ({"stop": 2}, "k=3: more components than frames"),
    ],
)
def test_frames_that_do_not_exist_are_refused(u, arguments, message):
    with pytest.raises(InputError) as caught:
        GMVAEAnalysis(u, **FAST).run(**arguments)
    assert any(part in str(caught.value) for part in message.split("|"))
