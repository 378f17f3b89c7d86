"""`featurize`: MDAnalysis and mdtraj give the same features of the same frames."""

import os
from pathlib import Path

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests.datafiles import DCD, DCD2, PDB, PSF, TRR, XTC
from numpy.testing import assert_allclose, assert_array_equal
from trajectories import universe

from mdgmvae import FeatureSet
from mdgmvae.errors import FrameError, InputError, TopologyWarning
from mdgmvae.featurizers import Distances, Positions, featurize
from mdgmvae.trajectory.moving_atoms import MovingAtoms

# Warnings of MDAnalysis and mdtraj about these files are not tested here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:DCDReader currently:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:MDAnalysis"),
    pytest.mark.filterwarnings("ignore:Unlikely unit cell vectors:UserWarning"),
]
SELECT = "protein and resid 1:12"


@pytest.fixture(scope="module")
def topology(tmp_path_factory):
    """Write a PDB file of the atoms for mdtraj, which cannot read this PSF file."""
    path = tmp_path_factory.mktemp("topology") / "adk.pdb"
    mda.Universe(PSF, DCD).atoms.write(path)
    return str(path)


@pytest.fixture(scope="module")
def protein(tmp_path_factory):
    """Write .pdb, .xtc and .trr files of a part of a protein in a triclinic box."""
    folder = tmp_path_factory.mktemp("protein")
    source = universe(PDB, XTC, TRR)
    atoms = source.select_atoms("protein and resid 1:40")
    atoms.write(folder / "some.pdb")
    atoms.write(folder / "some.xtc", frames=source.trajectory[:10])
    atoms.write(folder / "some.trr", frames=source.trajectory[10:])
    return {suffix: str(folder / f"some.{suffix}") for suffix in ("pdb", "xtc", "trr")}


@pytest.fixture
def both(protein):
    """Return the same frames for MDAnalysis and for mdtraj."""
    return universe(protein["pdb"], protein["xtc"]), (protein["pdb"], [protein["xtc"]])


def test_both_decide_about_links_in_the_first_frame(protein, tmp_path):
    """A residue is missing, and the numbers are closed up."""
    u = universe(protein["pdb"], protein["xtc"])
    atoms = u.select_atoms("resid 1:4 or resid 6:9")
    for number, residue in enumerate(atoms.residues, 1):
        residue.resid = number
    topology, trajectory = str(tmp_path / "gap.pdb"), str(tmp_path / "gap.xtc")
    atoms.write(topology)
    atoms.write(trajectory, frames="all")
    with pytest.warns(
        TopologyWarning, match=r"and \w+5 have consecutive numbers, but are not bonded"
    ):
        ours = featurize(universe(topology, trajectory), "dihedrals", start=4)
    with pytest.warns(
        TopologyWarning, match=r"and \w+5 have consecutive numbers, but are not bonded"
    ):
        theirs = featurize((topology, [trajectory]), "dihedrals", start=4)
    assert ours.names == theirs.names
    assert ours.n_features == 2 * 2 * (3 + 3)
    assert_allclose(theirs.values, ours.values, atol=1e-4)


@pytest.mark.parametrize("suffix", ["xtc", "trr"])
@pytest.mark.parametrize("features", ["dihedrals", "distances", "positions"])
def test_mdtraj_agrees_with_mdanalysis(protein, suffix, features):
    topology, trajectory = protein["pdb"], protein[suffix]
    select = "name CA and resid 1:30" if features != "dihedrals" else SELECT
    ours = featurize(universe(topology, trajectory), features, select=select)
    theirs = featurize((topology, [trajectory]), features, select=select)
    assert_allclose(theirs.values, ours.values, atol=1e-4)
    assert theirs.units == ours.units
    assert theirs.names == ours.names
    assert_array_equal(theirs.frames, ours.frames)
    assert_allclose(theirs.times, ours.times, atol=1e-3)
    assert theirs.lengths == ours.lengths
    assert theirs.fingerprint["digest"] == ours.fingerprint["digest"]


@pytest.mark.slow
def test_periodic_distances_agree():
    """The box, triclinic here, is converted to angstrom and degrees."""
    pairs = Distances(pairs=[(0, 40_000), (10, 30_000), (100, 47_000)], periodic=True)
    ours = featurize(mda.Universe(PDB, XTC), pairs)
    theirs = featurize((PDB, XTC), pairs)
    assert_allclose(theirs.values, ours.values, atol=1e-4)
    pairs = Distances(pairs=[(0, 40_000), (10, 30_000), (100, 47_000)], periodic=False)
    far = featurize(mda.Universe(PDB, XTC), pairs)
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
    from mdgmvae.trajectory import mdtraj_chunks

    monkeypatch.setattr(mdtraj_chunks, "_MAX_CHUNK", 13)
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
def test_mdtraj_trajectory(both, choice):
    source, (topology, files) = both
    theirs = featurize(mdtraj.load(files, top=topology), "dihedrals", select=SELECT, **choice)
    ours = featurize(source, "dihedrals", select=SELECT, **choice)
    assert_allclose(theirs.values, ours.values, atol=1e-4)
    assert_allclose(theirs.times, ours.times, atol=1e-3)
    assert_array_equal(theirs.frames, ours.frames)
    assert theirs.selection == SELECT


def test_reference_is_the_first_frame_asked_for(both):
    source, files = both
    theirs = featurize(files, Positions(select="name CA"), start=4)
    ours = featurize(source, Positions(select="name CA"), start=4)
    assert_allclose(theirs.values, ours.values, atol=1e-3)
    trajectory = mdtraj.load(files[1], top=files[0])
    loaded = featurize(trajectory, Positions(select="name CA"), start=4)
    assert_allclose(loaded.values, theirs.values, atol=1e-5)


def test_formats_without_an_index(both, tmp_path):
    """To count the frames of a PDB file, it has to be read."""
    source, _ = both
    path = str(tmp_path / "models.pdb")
    group = source.select_atoms(SELECT)
    with mda.Writer(path, multiframe=True) as writer:
        for _ in source.trajectory:
            writer.write(group)
    with pytest.warns(UserWarning, match="models.pdb: is given twice"):
        theirs = featurize((path, [path, path]), "distances", select="name CA", start=8, stop=12)
    assert_array_equal(theirs.frames, [8, 9, 10, 11])
    assert theirs.lengths == (2, 2)
    ours = featurize(source, "distances", select=f"({SELECT}) and name CA")
    assert_allclose(theirs.values, ours.values[[8, 9, 0, 1]], atol=2e-3)  # three decimals in PDB


def test_tinker_files(both, tmp_path):
    """mdtraj's reader fails if it is asked for some of the atoms."""
    source, _ = both
    atoms = source.select_atoms("resid 1 and not name H*")
    lines = []
    for _ in source.trajectory[:3]:
        lines.append(f"{len(atoms)}  frame\n")
        for number, (name, place) in enumerate(zip(atoms.names, atoms.positions, strict=True), 1):
            x, y, z = place
            lines.append(f"{number:6d} {name:4s}{x:12.6f}{y:12.6f}{z:12.6f} 1 {number % 2 + 1}\n")
    path = tmp_path / "run.arc"
    path.write_text("".join(lines))
    theirs = featurize((str(path), [str(path)]), Distances(pairs=[(0, 5), (2, 3)], periodic=False))
    ours = [
        np.linalg.norm(atoms.positions[[0, 2]] - atoms.positions[[5, 3]], axis=1)
        for _ in source.trajectory[:3]
    ]
    assert_allclose(theirs.values, ours, atol=1e-4)
    assert np.isnan(theirs.times).all()


def test_written_and_opened_again(both, tmp_path):
    out = tmp_path / "x.npy"
    for source in both:
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


def test_backends_are_for_universes(both):
    adk = mda.Universe(PSF, DCD)
    select = "name CA and resid 1:9"
    parallel = featurize(adk, "distances", select=select, backend="multiprocessing", n_workers=2)
    assert_array_equal(parallel.values, featurize(adk, "distances", select=select).values)
    with pytest.raises(InputError, match="pass a Universe"):
        featurize(both[1], backend="multiprocessing")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (lambda pdb, xtc: (pdb, ["none.xtc"]), r"none\.xtc: no such file"),
        (lambda pdb, xtc: ("none.pdb", [xtc]), r"none\.pdb: no such file"),
        (lambda pdb, xtc: (pdb, []), "no trajectory files"),
        (lambda pdb, xtc: (pdb, [xtc], 3), "a source of 3 items"),
        (lambda pdb, xtc: (pdb, [DCD]), r"has 3,341 atoms, but the topology has \d+;"),
        (lambda pdb, xtc: (xtc, [xtc]), "cannot read a topology"),
        (lambda pdb, xtc: "a.xtc", "cannot take atoms from this str"),
        (lambda pdb, xtc: (None, [xtc]), "None: is not the name of a file"),
        (lambda pdb, xtc: (pdb, [5]), "5: is not the name of a file"),
        (lambda pdb, xtc: (pdb, ["a\0b.xtc"]), "contains a null"),
        (lambda pdb, xtc: (pdb, [""]), "because it is empty"),
        (lambda pdb, xtc: mdtraj.load_topology(pdb), "has no frames"),
    ],
)
def test_sources_that_cannot_be_used(source, reason, protein, tmp_path):
    with pytest.raises(InputError, match=reason):
        given = source(protein["pdb"], protein["xtc"])
        featurize(given, "distances", tmp_path / "x.npy", select="name CA and resid 1:3")
    assert list(tmp_path.iterdir()) == []


def test_cut_file_read_by_mdtraj(both, tmp_path):
    source, (topology, (whole,)) = both
    path = tmp_path / "cut.xtc"
    end = int(source.trajectory._xdr.offsets[7]) - 20
    path.write_bytes(Path(whole).read_bytes()[:end])
    with pytest.raises(InputError, match="frame 6 ends early"):
        featurize((topology, [path]), "dihedrals", select=SELECT)
    features = featurize((topology, [path]), "dihedrals", select=SELECT, stop=6)
    expected = featurize((topology, [whole]), "dihedrals", select=SELECT, stop=6)
    assert_array_equal(features.values, expected.values)


def test_nothing_stays_of_a_failure(protein, tmp_path):
    loaded = mdtraj.load(protein["xtc"], top=protein["pdb"], atom_indices=range(50))
    loaded.xyz[3, 5] = np.nan
    with pytest.raises(InputError, match=r"^frame 3: x of MET1:HA is NaN"):
        featurize(loaded, Distances(pairs=[(0, 5)]), tmp_path / "x.npy")
    assert list(tmp_path.iterdir()) == []


def test_boxes_of_zeros_are_no_boxes_for_both_libraries(protein):
    """A library writes zeros or NaN with right angles for a frame without a box."""
    loaded = mdtraj.load(protein["xtc"], top=protein["pdb"])[:4]
    loaded.unitcell_lengths[1] = 0
    loaded.unitcell_lengths[2] = np.nan
    moving = MovingAtoms.of(loaded)
    with moving.at(range(4)) as steps:
        assert [timestep.dimensions is None for timestep in steps] == [False, True, True, False]
    with pytest.raises(FrameError, match=r"^frame 1: there is no box"):
        featurize(loaded, Distances(pairs=[(0, 5)], periodic=True))
    loaded.unitcell_lengths[:] = 0
    assert MovingAtoms.of(loaded).atoms.universe.dimensions is None
