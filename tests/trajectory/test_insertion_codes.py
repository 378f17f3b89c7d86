"""Residues with insertion codes are the same through MDAnalysis and mdtraj."""

import mdtraj
import pytest
from MDAnalysisTests.datafiles import GRO, PDB_icodes
from trajectories import universe

from mdgmvae.featurizers import Dihedrals, Distances, featurize
from mdgmvae.trajectory.insertion_codes import insertion_codes


@pytest.mark.parametrize(
    ("featurizer", "select"),
    [(Dihedrals(), "resid 160:170"), (Distances(), "resid 163 and name CA or resid 163A")],
)
def test_names_and_selections_have_the_codes(featurizer, select):
    ours = featurize(universe(PDB_icodes), featurizer, select=select)
    theirs = featurize((PDB_icodes, [PDB_icodes]), featurizer, select=select)
    assert ours.names == theirs.names
    assert any("VAL163A" in name for name in ours.names)


def test_codes_are_not_invented(tmp_path):
    """A file of another kind, or with other residues, says nothing about those of mdtraj."""
    topology = mdtraj.load_topology(PDB_icodes)
    assert insertion_codes(None, topology) is None
    assert insertion_codes(topology, topology) is None
    assert insertion_codes(GRO, topology) is None
    text = tmp_path / "text.pdb"
    text.write_text("no atoms\n")
    assert insertion_codes(text, topology) is None
    assert insertion_codes(PDB_icodes, topology.subset(range(1300))) is None
