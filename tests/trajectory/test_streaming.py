"""`featurize`: MDAnalysis and mdtraj give the same features of the same frames."""

import os

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests.datafiles import DCD, DCD2, GRO, PDB, PSF, TRR, XTC
from numpy.testing import assert_allclose, assert_array_equal

from mdgmvae import FeatureSet
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Distances, Positions, featurize

SELECT = "protein and resid 1:12"


@pytest.fixture(scope="module")
def topology(tmp_path_factory):
    """A PDB of the atoms of PSF and DCD, for mdtraj: it reads no such PSF."""
    path = tmp_path_factory.mktemp("topology") / "adk.pdb"
    mda.Universe(PSF, DCD).atoms.write(path)
    return str(path)


@pytest.mark.parametrize("trajectory", [XTC, TRR], ids=["xtc", "trr"])
@pytest.mark.parametrize("features", ["dihedrals", "distances", "positions"])
def test_mdtraj_agrees_with_mdanalysis(trajectory, features):
    select = "name CA and resid 1:30" if features != "dihedrals" else SELECT
    ours = featurize(mda.Universe(PDB, trajectory), features, select=select)
    theirs = featurize((PDB, [trajectory]), features, select=select)
    assert_allclose(theirs.values, ours.values, atol=1e-4)
    assert theirs.units == ours.units
    assert theirs.names == ours.names
    assert_array_equal(theirs.frames, ours.frames)
    assert_allclose(theirs.times, ours.times, atol=1e-3)
    assert theirs.lengths == ours.lengths
    assert theirs.fingerprint["digest"] == ours.fingerprint["digest"]


def test_periodic_distances_agree():
    """A box, which is triclinic here, comes through in angstrom and degrees."""
    pairs = Distances(pairs=[(0, 40_000), (10, 30_000), (100, 47_000)], periodic=True)
    ours = featurize(mda.Universe(PDB, XTC), pairs)
    theirs = featurize((PDB, XTC), pairs)
    assert_allclose(theirs.values, ours.values, atol=1e-4)
    far = featurize(
        mda.Universe(PDB, XTC),
        Distances(pairs=[(0, 40_000), (10, 30_000), (100, 47_000)], periodic=False),
    )
    assert not np.allclose(far.values, ours.values)


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"start": 90, "stop": 130, "step": 3},
        {"start": -5},
        {"step": -50},
        {"frames": [150, 3, 99, 3, 98]},
        {"frames": np.arange(200) % 17 == 4},
    ],
    ids=str,
)
def test_several_files_in_chunks(topology, choice, monkeypatch):
    from mdgmvae.trajectory import mdtraj_source

    monkeypatch.setattr(mdtraj_source, "_MAX_CHUNK", 13)
    ours = featurize(
        mda.Universe(PSF, DCD, DCD2), "distances", select="name CA and resid 1:9", **choice
    )
    theirs = featurize(
        (topology, [DCD, DCD2]), "distances", select="name CA and resid 1:9", **choice
    )
    assert_allclose(theirs.values, ours.values, atol=1e-4)
    assert_array_equal(theirs.frames, ours.frames)
    assert_array_equal(theirs.trajectory_index, ours.trajectory_index)
    assert theirs.lengths == ours.lengths


@pytest.mark.parametrize("choice", [{}, {"frames": [7, 2, 8]}, {"start": 3, "step": 2}], ids=str)
def test_mdtraj_trajectory(choice):
    loaded = mdtraj.load(XTC, top=PDB)
    theirs = featurize(loaded, "dihedrals", select=SELECT, **choice)
    ours = featurize(mda.Universe(PDB, XTC), "dihedrals", select=SELECT, **choice)
    assert_allclose(theirs.values, ours.values, atol=1e-4)
    assert_allclose(theirs.times, ours.times, atol=1e-3)
    assert_array_equal(theirs.frames, ours.frames)
    assert theirs.selection == SELECT


def test_reference_is_the_first_frame_asked_for():
    theirs = featurize((PDB, [XTC]), Positions(select="name CA"), start=4)
    ours = featurize(mda.Universe(PDB, XTC), Positions(select="name CA"), start=4)
    assert_allclose(theirs.values, ours.values, atol=1e-3)
    loaded = featurize(mdtraj.load(XTC, top=PDB), Positions(select="name CA"), start=4)
    assert_allclose(loaded.values, theirs.values, atol=1e-5)


def test_formats_without_an_index(tmp_path):
    """A PDB of many models: its frames are counted by reading it."""
    universe = mda.Universe(PDB, XTC)
    path = str(tmp_path / "models.pdb")
    group = universe.select_atoms(SELECT)
    with mda.Writer(path, multiframe=True) as writer:
        for _ in universe.trajectory:
            writer.write(group)
    theirs = featurize((path, [path, path]), "distances", select="name CA", start=8, stop=12)
    assert_array_equal(theirs.frames, [8, 9, 10, 11])
    assert theirs.lengths == (2, 2)
    ours = featurize(universe, "distances", select=f"({SELECT}) and name CA")
    assert_allclose(theirs.values, ours.values[[8, 9, 0, 1]], atol=2e-3)  # three decimals in PDB


def test_written_and_opened_again(tmp_path):
    out = tmp_path / "x.npy"
    for source in (mda.Universe(GRO, XTC), (PDB, [XTC])):
        made = featurize(source, "dihedrals", out, select=SELECT, frames=[5, 3, 9])
        opened = FeatureSet.load(out)
        assert opened.path == out
        assert_array_equal(opened.values, made.values)
        assert_array_equal(np.load(out), made.values)
        assert opened.names == made.names
        assert_array_equal(opened.frames, [5, 3, 9])
        assert opened.selection == SELECT
        assert opened.featurizer["kind"] == "dihedrals"
        assert opened.fingerprint == made.fingerprint
        assert sorted(os.listdir(tmp_path)) == ["x.json", "x.npy"]


def test_backends_are_for_universes():
    universe = mda.Universe(PSF, DCD)
    select = "name CA and resid 1:9"
    parallel = featurize(
        universe, "distances", select=select, backend="multiprocessing", n_workers=2
    )
    assert_array_equal(parallel.values, featurize(universe, "distances", select=select).values)
    with pytest.raises(InputError, match="give a Universe"):
        featurize((PDB, [XTC]), backend="multiprocessing")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ((PDB, ["none.xtc"]), r"none\.xtc: no such file"),
        (("none.pdb", [XTC]), r"none\.pdb: no such file"),
        ((PDB, []), "no trajectory files"),
        ((PDB, [XTC], 3), "a source of 3 items"),
        ((PDB, [DCD]), "has 3,341 atoms, the topology has 47,681"),
        ((XTC, [XTC]), "reads no topology"),
        ("a.xtc", "cannot take atoms from a str"),
        (mdtraj.load_topology(PDB), "has no frames"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_sources_that_cannot_be_used(source, reason, tmp_path):
    with pytest.raises(InputError, match=reason):
        featurize(source, "distances", tmp_path / "x.npy", select="name CA and resid 1:3")
    assert list(tmp_path.iterdir()) == []


def test_cut_file_read_by_mdtraj(tmp_path):
    path = tmp_path / "cut.xtc"
    with open(XTC, "rb") as stream:
        path.write_bytes(stream.read()[:1_000_000])
    with pytest.raises(InputError, match="frame 6 ends early"):
        featurize((PDB, [path]), "dihedrals", select=SELECT)
    features = featurize((PDB, [path]), "dihedrals", select=SELECT, stop=6)
    expected = featurize((PDB, [XTC]), "dihedrals", select=SELECT, stop=6)
    assert_array_equal(features.values, expected.values)


def test_nothing_stays_of_a_failure(tmp_path):
    loaded = mdtraj.load(XTC, top=PDB, atom_indices=range(50))
    loaded.xyz[3, 5] = np.nan
    with pytest.raises(InputError, match="frame 3: atom 5"):
        featurize(loaded, Distances(pairs=[(0, 5)]), tmp_path / "x.npy")
    assert list(tmp_path.iterdir()) == []
