"""Trajectories that name their atoms are compared with the topology."""

import warnings

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests.datafiles import GRO, PDB_full
from numpy.testing import assert_allclose

from mdgmvae.errors import InputError
from mdgmvae.featurizers import Dihedrals, featurize
from mdgmvae.trajectory.own_topology import check_named_atoms

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:MDAnalysis"),
    pytest.mark.filterwarnings("ignore:Reader has no dt information:UserWarning"),
]
SELECT = "resid 1:4"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write four residues of a protein: in their order, in another one, and without an atom."""
    folder = tmp_path_factory.mktemp("own")
    atoms = mda.Universe(GRO).select_atoms("protein and resid 1:4")
    orders = {
        "right": np.arange(len(atoms)),
        # Within each residue from the last atom to the first.
        "other": np.lexsort((-np.arange(len(atoms)), atoms.resindices)),
        "fewer": np.arange(len(atoms) - 1),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, order in orders.items():
            part = atoms[order]
            part.write(folder / f"{name}.pdb")
            part.write(folder / f"{name}.gro")
        atoms.write(folder / "run.xtc")
    return folder


def open_universe(*paths):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mda.Universe(*map(str, paths))


@pytest.mark.parametrize("suffix", ["pdb", "gro"])
@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_another_order_is_refused(files, suffix, library):
    paths = files / "right.pdb", files / f"other.{suffix}"
    source = open_universe(*paths) if library == "MDAnalysis" else (paths[0], [paths[1]])
    with pytest.raises(InputError, match=rf"other\.{suffix}: atom 0 is \w+ in this .* but N in"):
        featurize(source, "dihedrals")


@pytest.mark.parametrize("suffix", ["pdb", "gro"])
def test_fewer_atoms_are_refused(files, suffix):
    with pytest.raises(InputError, match=rf"fewer\.{suffix}: has \d+ atoms, but the topology has"):
        featurize((files / "right.pdb", [files / f"fewer.{suffix}"]), "dihedrals")


@pytest.mark.parametrize("suffix", ["pdb", "gro"])
def test_the_same_order_is_read(files, suffix):
    """Each library takes a trajectory in the format of the topology and in the other one."""
    want = featurize(open_universe(files / "right.gro"), Dihedrals()).values
    paths = files / "right.pdb", files / f"right.{suffix}"
    assert_allclose(featurize(open_universe(*paths), Dihedrals()).values, want, atol=5e-3)
    assert_allclose(featurize((paths[0], [paths[1]]), Dihedrals()).values, want, atol=5e-3)


def test_every_file_of_several_is_compared(files):
    paths = [files / "right.pdb", files / "run.xtc", files / "right.gro", files / "other.gro"]
    with pytest.raises(InputError, match=r"other\.gro: atom 0 is"):
        featurize(mda.Universe(str(paths[0]), list(map(str, paths[1:]))), "dihedrals")


def test_self_describing_files_of_mdtraj(files, tmp_path):
    path = tmp_path / "run.cif"
    mdtraj.load(files / "other.pdb").save(path)
    with pytest.raises(InputError, match=r"run\.cif: atom 0 is"):
        featurize((files / "right.pdb", [path]), "dihedrals")


@pytest.mark.parametrize(
    ("own", "wrong"),
    [
        (["N", "H", "CA", "HA", "C", "O"], None),
        # Names of another convention, and of unknown elements.
        (["N", "HN", "CA", "HA", "C", "OT1"], None),
        (["N", "1H", "CA", "HA1", "C", "O"], None),
        (["N", "H", "CA", "HA", "MW", "O"], None),
        (["H"] * 6, None),
        (["N", "CA", "H", "HA", "C", "O"], 1),
        (["N", "H", "CA", "HA", "O", "C"], 4),
        (["N", "HN", "CA", "C", "HA", "OT1"], 3),
    ],
)
def test_names_may_follow_another_convention(own, wrong):
    given, residues = ["N", "H", "CA", "HA", "C", "O"], [0, 0, 0, 0, 1, 1]
    if wrong is None:
        check_named_atoms("a.pdb", own, given, residues)
        return
    with pytest.raises(InputError, match=f"a.pdb: atom {wrong} is {own[wrong]} in this file, but"):
        check_named_atoms("a.pdb", own, given, residues)


@pytest.mark.parametrize("suffix", ["cif", "mdcrd", "rst7", "ncrst", "xyz.gz", "gro"])
def test_damaged_files_are_named(files, tmp_path, suffix):
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(b"not a trajectory at all\n" * 20)
    with pytest.raises(InputError, match=rf"bad\.{suffix}: "):
        featurize((files / "right.pdb", [path]), "dihedrals")


def test_a_file_with_alternative_locations_is_its_own_topology():
    """mdtraj leaves out 34 of its 1,877 atoms."""
    theirs = featurize((PDB_full, [PDB_full]), "dihedrals")
    ours = featurize(open_universe(PDB_full), "dihedrals")
    assert theirs.names == ours.names
    assert_allclose(theirs.values, ours.values, atol=1e-4)
