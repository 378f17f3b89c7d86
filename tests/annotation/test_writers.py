"""Files with states say the same to MDAnalysis and mdtraj as the trajectory did."""

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.coordinates.H5MD import H5MDReader
from MDAnalysis.transformations import translate
from MDAnalysisTests.datafiles import DCD, GRO, PSF, TRR, XTC, PDB_small

from mdgmvae.annotation import (
    write_h5md,
    write_pdb,
    write_representatives,
    write_states,
)
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.states import Description

RNG = np.random.default_rng(0)
ADK_LABELS = RNG.integers(0, 3, 98)


@pytest.fixture
def adk() -> mda.Universe:
    return mda.Universe(PSF, DCD)


@pytest.fixture
def dipeptide() -> mda.Universe:
    return mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)


# --- PDB ---------------------------------------------------------------------------------


def test_pdb_has_the_frames_and_states_and_leaves_the_universe_alone(adk, tmp_path):
    path = tmp_path / "states.pdb"
    adk.trajectory[5]
    before = adk.atoms.positions.copy()
    write_pdb(adk, [2, -1, 0], path, frames=[60, 7, 3])
    assert adk.trajectory.ts.frame == 5
    np.testing.assert_array_equal(adk.atoms.positions, before)
    assert not hasattr(adk.atoms, "tempfactors")

    written = mda.Universe(str(path))
    assert [set(ts.data["tempfactor"]) for ts in written.trajectory] == [{2.0}, {0.0}]
    np.testing.assert_array_equal(written.atoms.names, adk.atoms.names)
    np.testing.assert_array_equal(written.atoms.resids, adk.atoms.resids)
    for ts, frame in zip(written.trajectory, (60, 3), strict=True):
        adk.trajectory[frame]
        np.testing.assert_allclose(ts.positions, adk.atoms.positions, atol=6e-4)
        assert ts.dimensions is None
    assert mdtraj.load(str(path)).n_frames == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["states.pdb"]


def test_pdb_of_a_group_keeps_its_atoms_and_the_box(tmp_path):
    u = mda.Universe(GRO, XTC)
    group = u.select_atoms("resid 3:4 and protein")
    write_pdb(group, np.arange(10), tmp_path / "a.pdb")
    written = mda.Universe(str(tmp_path / "a.pdb"))
    assert len(written.trajectory) == 10
    np.testing.assert_array_equal(written.atoms.resnames, group.resnames)
    # MDAnalysis reads no unit cell from a file of several models, mdtraj does.
    cell = mdtraj.load(str(tmp_path / "a.pdb")).unitcell_lengths[0] * 10
    np.testing.assert_allclose(cell, u.dimensions[:3], atol=0.02)
    written.trajectory[9], u.trajectory[9]
    np.testing.assert_allclose(written.atoms.positions, group.positions, atol=6e-4)
    assert written.trajectory.ts.data["tempfactor"][0] == 9


def test_pdb_keeps_a_b_column_of_the_users(tmp_path):
    u = mda.Universe(PDB_small)
    before = u.atoms.tempfactors.copy()
    write_pdb(u, [3], tmp_path / "a.pdb")
    np.testing.assert_array_equal(u.atoms.tempfactors, before)
    assert set(mda.Universe(str(tmp_path / "a.pdb")).atoms.tempfactors) == {3.0}


def test_pdb_refuses_coordinates_it_cannot_hold_and_keeps_the_old_file(adk, tmp_path):
    path = tmp_path / "a.pdb"
    path.write_text("before")
    adk.trajectory.add_transformations(translate([1e5, 0, 0]))
    with pytest.raises(InputError, match=r"frame 4 .* H5MD"):
        write_pdb(adk, [0], path, frames=[4])
    assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_pdb_from_mdtraj_has_the_same_content(dipeptide, tmp_path):
    labels, frames = [0, 1, 2], [2, 0, 1]
    topology, (xtc,) = alanine_dipeptide()
    loaded = mdtraj.load(xtc, top=topology, stride=100)
    write_pdb(loaded, labels, tmp_path / "mdtraj.pdb", frames=frames)
    read = mdtraj.load(str(tmp_path / "mdtraj.pdb"))
    np.testing.assert_allclose(read.xyz, loaded.xyz[frames], atol=6e-5)
    written = mda.Universe(str(tmp_path / "mdtraj.pdb"))
    assert [ts.data["tempfactor"][0] for ts in written.trajectory] == labels
    np.testing.assert_array_equal(written.atoms.resnames, dipeptide.atoms.resnames)


# --- H5MD --------------------------------------------------------------------------------


def test_h5md_has_states_probabilities_and_coordinates(adk, tmp_path):
    frames, labels = np.array([40, 3, 12]), np.array([1, -1, 0])
    probabilities = RNG.dirichlet([1, 1], size=3)
    path = tmp_path / "states.h5md"
    adk.trajectory[2]
    write_h5md(adk, labels, path, frames=frames, probabilities=probabilities)
    assert "mdgmvae/state" not in adk.trajectory[40].data

    written = mda.Universe(PSF, str(path), convert_units=False)
    assert [int(ts.data["mdgmvae/state"]) for ts in written.trajectory] == [0, 1]
    assert [int(ts.data["step"]) for ts in written.trajectory] == [12, 40]
    for ts, row in zip(written.trajectory, (2, 0), strict=True):
        reference = adk.trajectory[frames[row]]
        np.testing.assert_allclose(ts.positions, reference.positions, atol=1e-4)
        np.testing.assert_allclose(ts.data["mdgmvae/probability"], probabilities[row], rtol=1e-6)
        assert ts.time == pytest.approx(reference.time, rel=1e-5)


def test_h5md_of_chained_files_with_velocities_and_boxes(tmp_path):
    u = mda.Universe(GRO, [TRR, TRR])
    group = u.select_atoms("protein")
    write_h5md(group, np.arange(20), tmp_path / "a.h5md")
    reader = H5MDReader(str(tmp_path / "a.h5md"))
    assert [int(ts.data["mdgmvae/state"]) for ts in reader] == list(range(20))
    u.trajectory[13]
    np.testing.assert_allclose(reader[13].velocities, group.velocities, rtol=1e-4)
    np.testing.assert_allclose(reader[13].dimensions, u.dimensions, rtol=1e-4)


def test_h5md_from_mdtraj_keeps_angstrom_and_its_times(tmp_path):
    topology, (xtc,) = alanine_dipeptide()
    loaded = mdtraj.load(xtc, top=topology, stride=1000)[[0, 1, 5]]
    write_h5md(loaded, [0, 1, 1], tmp_path / "a.h5md")
    reader = H5MDReader(str(tmp_path / "a.h5md"))
    assert [ts.time for ts in reader] == pytest.approx([0.0, 2000.0, 10000.0])
    np.testing.assert_allclose(reader[2].positions, loaded.xyz[2] * 10, atol=1e-4)


def test_h5md_refuses_probabilities_of_other_frames(adk, tmp_path):
    with pytest.raises(InputError, match="probabilities"):
        write_h5md(adk, ADK_LABELS, tmp_path / "a.h5md", probabilities=np.ones((4, 2)))
    assert not list(tmp_path.iterdir())


# --- one trajectory a state --------------------------------------------------------------


def test_files_that_are_being_read_are_not_replaced(tmp_path):
    import shutil

    import MDAnalysis as mda

    from mdgmvae.data import alanine_dipeptide

    topology, (trajectory,) = alanine_dipeptide()
    names = [str(tmp_path / name) for name in ("top.pdb", "traj.h5md")]
    shutil.copy(topology, names[0])
    u = mda.Universe(names[0], trajectory)
    write_h5md(u, np.zeros(5, int), names[1], frames=range(5))
    own = mda.Universe(*names)
    for write, name in ((write_pdb, names[0]), (write_h5md, names[1])):
        before = open(name, "rb").read()  # noqa: SIM115
        with pytest.raises(InputError, match="would be replaced"):
            write(own, np.zeros(5, int), name)
        assert open(name, "rb").read() == before  # noqa: SIM115


def test_states_hold_their_frames_and_their_representatives(dipeptide, tmp_path):
    frames = np.arange(6000, 7000, 10)
    labels = RNG.integers(-1, 3, 100)
    labels[labels == 1] = 4
    latent = RNG.normal(size=(100, 2)) + 5 * labels[:, None]
    write_states(dipeptide, labels, tmp_path / "states", frames=frames, latent=latent)
    assert sorted(p.name for p in (tmp_path / "states").iterdir()) == [
        f"state_{state}.{suffix}" for state in (0, 2, 4) for suffix in ("pdb", "xtc")
    ]
    for state in (0, 2, 4):
        pdb, xtc = (str(tmp_path / "states" / f"state_{state}.{s}") for s in ("pdb", "xtc"))
        written = mda.Universe(pdb, xtc)
        times = [ts.time for ts in written.trajectory]
        np.testing.assert_allclose(times, 2.0 * frames[labels == state])
        assert mdtraj.load(xtc, top=pdb).n_frames == np.count_nonzero(labels == state)
        dipeptide.trajectory[frames[labels == state][1]]
        written.trajectory[1]
        np.testing.assert_allclose(written.atoms.positions, dipeptide.atoms.positions, atol=1e-4)

        rows = np.flatnonzero(labels == state)
        offsets = latent[rows] - latent[rows].mean(axis=0)
        dipeptide.trajectory[frames[rows[np.argmin(np.linalg.norm(offsets, axis=1))]]]
        representative = mda.Universe(pdb)
        np.testing.assert_allclose(
            representative.atoms.positions, dipeptide.atoms.positions, atol=6e-4
        )
        assert set(representative.atoms.tempfactors) == {float(state)}


@pytest.mark.parametrize("suffix", ["dcd", "trr"])
def test_states_of_a_group_without_latent_in_another_format(adk, tmp_path, suffix):
    group = adk.select_atoms("name CA")
    write_states(group, ADK_LABELS, tmp_path, format=suffix)
    first = int(np.flatnonzero(ADK_LABELS == 1)[0])
    written = mda.Universe(str(tmp_path / "state_1.pdb"), str(tmp_path / f"state_1.{suffix}"))
    assert len(written.trajectory) == np.count_nonzero(ADK_LABELS == 1)
    adk.trajectory[first]
    np.testing.assert_allclose(
        mda.Universe(str(tmp_path / "state_1.pdb")).atoms.positions, group.positions, atol=6e-4
    )


def test_states_are_replaced_only_when_asked_and_leave_nothing_stale(adk, tmp_path):
    group = adk.select_atoms("name CA")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        write_states(group, ADK_LABELS, tmp_path)
    write_states(group, ADK_LABELS, tmp_path, overwrite=True)
    write_states(group, np.zeros(98, dtype=int), tmp_path, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "notes.txt",
        "state_0.pdb",
        "state_0.xtc",
    ]
    assert len(mda.Universe(PSF, DCD).trajectory) == 98


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"format": "pdb"}, "xtc, trr, dcd"),
        ({"latent": np.zeros((3, 1))}, "latent"),
        ({"labels": np.full(98, -1)}, "nothing to write"),
        ({"labels": np.zeros(5, dtype=int)}, "98 frames"),
    ],
)
def test_states_refused(adk, tmp_path, options, says):
    labels = options.pop("labels", ADK_LABELS)
    with pytest.raises(InputError, match=says):
        write_states(adk, labels, tmp_path / "states", **options)
    assert not list(tmp_path.iterdir())


# --- representatives ---------------------------------------------------------------------


def described(representatives):
    nothing = np.zeros((len(representatives), 1))
    return Description(
        of="macrostates", names=("d",), units=("1",), mean=nothing, spread=nothing,
        effect_size=nothing, gradient=nothing,
        n_frames=np.array([len(frames) for frames in representatives]),
        representatives=tuple(np.array(frames, np.int64) for frames in representatives),
    )  # fmt: skip


def test_representatives_are_models_of_one_file_a_state(adk, tmp_path):
    adk.trajectory[5]
    folder = tmp_path / "representatives"
    write_representatives(adk, described([[60, 3], [], [7]]), folder)
    assert adk.trajectory.ts.frame == 5
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["macrostate_0.pdb", "macrostate_2.pdb"]
    written = mda.Universe(str(folder / "macrostate_0.pdb"))
    assert written.trajectory.remarks == ["MODEL 1 IS FRAME 60", "MODEL 2 IS FRAME 3"]
    assert "macrostate 0" in written.trajectory.title[0]
    for ts, frame in zip(written.trajectory, (60, 3), strict=True):
        adk.trajectory[frame]
        np.testing.assert_allclose(ts.positions, adk.atoms.positions, atol=6e-4)
        assert set(ts.data["tempfactor"]) == {0.0}
    assert mdtraj.load(str(folder / "macrostate_0.pdb")).n_frames == 2


def test_representatives_are_replaced_only_when_asked(adk, tmp_path):
    group = adk.select_atoms("resid 1")
    write_representatives(group, described([[1], [2]]), tmp_path / "r")
    (tmp_path / "r" / "macrostate_mine.pdb").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        write_representatives(group, described([[1]]), tmp_path / "r")
    write_representatives(group, described([[1]]), tmp_path / "r", overwrite=True)
    names = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert names == ["macrostate_0.pdb", "macrostate_mine.pdb"]
    with pytest.raises(InputError, match="another trajectory"):
        write_representatives(group, described([[99_999]]), tmp_path / "s")
    assert not (tmp_path / "s").exists()
