"""What is sent to a browser of a molecule, against MDAnalysis and mdtraj."""

import base64
import gzip
import json

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.analysis.rms import rmsd
from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC, PDB_small, PDB_sub_sol
from small_analyses import alanine

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.viewer.molecule import Molecule
from mdgmvae.viewer.packing import pack, steps


def unpacked(text, dtype):
    return np.frombuffer(gzip.decompress(base64.b64decode(text)), dtype)


def test_small_molecule_has_all_atoms_elements_and_bonds():
    u = alanine()
    topology = Molecule.of(u).topology()
    assert topology["chains"] == []
    assert topology["sticks"] == list(range(22))
    assert topology["elements"] == [element.upper() for element in u.atoms.elements]
    expected = mdtraj.load(str(alanine_dipeptide().topology)).topology
    bonds = {tuple(sorted((a.index, b.index))) for a, b in expected.bonds}
    assert {tuple(bond) for bond in topology["bonds"]} == bonds
    assert json.loads(json.dumps(topology)) == topology


def test_elements_and_bonds_are_guessed_where_the_topology_has_none():
    u = alanine()
    bare = mda.Universe.empty(22, 3, atom_resindex=u.atoms.resindices, trajectory=True)
    bare.add_TopologyAttr("names", u.atoms.names)
    bare.atoms.positions = u.atoms.positions
    found, known = Molecule.of(bare).topology(), Molecule.of(u).topology()
    assert found["elements"] == known["elements"]
    assert sorted(found["bonds"]) == sorted(known["bonds"])


def test_protein_sends_its_alpha_carbons_only(adk):
    molecule = Molecule.of(adk)
    topology = molecule.topology()
    assert [len(chain["atoms"]) for chain in topology["chains"]] == [214]
    assert topology["sticks"] == [] and topology["n_atoms"] == 214
    assert molecule.snapshots([0, 50]).positions.shape == (2, 214, 3)


def test_frames_are_superposed_without_a_change_of_shape(adk):
    molecule = Molecule.of(adk)
    shown = molecule.snapshots([0, 97, 40])
    alphas = adk.select_atoms("name CA")
    coordinates = np.array([alphas.positions for ts in adk.trajectory[[0, 97, 40]]], float)
    for row in (1, 2):
        left = np.linalg.norm(shown.positions[row, :-9] - shown.positions[row, 9:], axis=1)
        right = np.linalg.norm(coordinates[row, :-9] - coordinates[row, 9:], axis=1)
        assert left == pytest.approx(right, abs=1e-3)
        assert rmsd(shown.positions[row], shown.positions[0]) == pytest.approx(
            rmsd(coordinates[row], coordinates[0], superposition=True), abs=1e-3
        )
    # No mirror image: three vectors span the same signed volume.
    volume = [np.linalg.det(x[[10, 90, 170]] - x[0]) for x in (shown.positions[0], coordinates[0])]
    assert volume[0] == pytest.approx(volume[1], rel=1e-3)


def test_reference_lies_at_the_origin_with_its_longest_axis_across(adk):
    points = Molecule.of(adk).snapshots([0]).positions[0].astype(float)
    assert points.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-3)
    moments = np.cov(points.T)
    assert moments == pytest.approx(np.diag(np.diag(moments)), abs=1e-2)
    assert np.diag(moments)[0] > np.diag(moments)[1] > np.diag(moments)[2]


def test_secondary_structure_is_that_of_each_frame(adk):
    frames = [0, 60]
    shown = Molecule.of(adk).snapshots(frames)
    expected = mdtraj.compute_dssp(mdtraj.load(DCD, top=PSF)[frames])
    assert (shown.structure == expected.astype("S1").view(np.uint8).reshape(2, -1)).all()
    assert (shown.structure[0] != shown.structure[1]).any()


def test_secondary_structure_of_an_alpha_carbon_model_is_left_to_the_browser(adk):
    molecule = Molecule.of(adk.select_atoms("name CA"))
    assert molecule.snapshots([0]).structure is None
    assert len(molecule.topology()["chains"][0]["atoms"]) == 214


def test_solvent_is_not_sent():
    """47,681 atoms, of which 3,341 are protein and the others water and sodium."""
    u = mda.Universe(GRO, XTC)
    topology = Molecule.of(u).topology()
    assert topology["n_atoms"] == 214 and topology["sticks"] == []


def test_protein_that_the_box_has_broken_is_whole():
    """The first frame is broken; MDAnalysis makes it whole along the bonds that it guesses."""
    u = mda.Universe(GRO, XTC)
    (chain,) = Molecule.of(u).topology()["chains"]
    positions = Molecule.of(u).snapshots([0]).positions[0][chain["atoms"]]
    assert np.linalg.norm(np.diff(positions, axis=0), axis=1).max() < 4.2
    broken = u.select_atoms("name CA").positions
    assert np.linalg.norm(np.diff(broken, axis=0), axis=1).max() > 20


def test_chains_are_separate_ribbons_and_ligands_are_sticks():
    u = mda.Universe(PDB_small)
    first, second = u.select_atoms("resid 1-50"), u.select_atoms("resid 80-120")
    ligand = alanine().atoms
    for k, group in enumerate((first, second)):
        new = u.add_Segment(segid=f"S{k}")
        group.residues.segments = new
    merged = mda.Merge(first, second, ligand)
    merged.select_atoms("segid SYSTEM").residues.resnames = "LIG"
    topology = Molecule.of(merged).topology()
    assert [len(chain["atoms"]) for chain in topology["chains"]] == [50, 41]
    assert len(topology["sticks"]) == 22 and min(topology["sticks"]) == 91
    assert len(topology["bonds"]) == 21


@pytest.mark.parametrize("frame", [0, 5])
def test_current_frame_stays(frame):
    u = alanine()
    u.trajectory[frame]
    before = u.atoms.positions.copy()
    molecule = Molecule.of(u)
    molecule.snapshots([7, 3])
    assert u.trajectory.frame == frame
    assert (u.atoms.positions == before).all()


def test_mdtraj_gives_the_same_as_mdanalysis(adk):
    frames = mdtraj.load(DCD, top=PSF)
    one, other = Molecule.of(frames), Molecule.of(adk)
    assert one.topology() == other.topology()
    left, right = one.snapshots([10]), other.snapshots([10])
    assert left.positions == pytest.approx(right.positions, abs=2e-3)
    assert (left.structure == right.structure).all()


def test_too_many_atoms_for_sticks_are_an_error_that_says_what_to_do():
    u = mda.Universe.empty(6000, trajectory=True)
    u.atoms.positions = np.random.default_rng(0).random((6000, 3)) * 100
    with pytest.raises(InputError, match=r"6,000 atoms to draw as sticks.*pass fewer atoms"):
        Molecule.of(u)


def test_packed_positions_are_rounded_to_a_hundredth():
    shown = Molecule.of(alanine()).snapshots([0, 1, 2])
    packed = shown.to_json()
    assert (packed["n"], packed["structure"]) == (3, None)
    found = unpacked(packed["xyz"], "<i2").reshape(3, 22, 3) * 0.01
    assert found == pytest.approx(shown.positions, abs=0.0051)


@pytest.mark.parametrize("wrong", [327.68, -400.0, np.nan, np.inf])
def test_positions_out_of_range_are_an_error(wrong):
    with pytest.raises(InputError, match="angstrom from the middle of the molecule"):
        steps(np.array([0.0, wrong]))
    assert steps(np.array([-327.67, 327.67])).tolist() == [-32767, 32767]


def test_packing_is_the_same_every_time_and_in_any_byte_order():
    values = np.arange(5, dtype=np.int16)
    assert pack(values) == pack(values.astype(">i2"))
    assert unpacked(pack(values), "<i2").tolist() == [0, 1, 2, 3, 4]


def test_water_is_drawn_if_there_is_nothing_else():
    water = mda.Universe(PDB_sub_sol).select_atoms("resname SOL").residues[:20].atoms
    assert Molecule.of(water).topology()["n_atoms"] == water.n_atoms


def test_short_peptide_beside_a_protein_is_drawn_as_sticks(adk):
    """Its residues are of the same kinds as those of the protein."""
    merged = mda.Merge(adk.atoms, adk.select_atoms("resid 10-11"))
    merged.residues[214:].segments = merged.add_Segment(segid="PEP")
    topology = Molecule.of(merged).topology()
    assert [len(chain["atoms"]) for chain in topology["chains"]] == [214]
    assert len(topology["sticks"]) == adk.select_atoms("resid 10-11").n_atoms
