"""The same file has the same atoms and the same columns through MDAnalysis and mdtraj."""

import gzip
import os
import re
import warnings
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import MDAnalysis as mda
import MDAnalysisTests.datafiles as data
import mdtraj
import numpy as np
import pytest
from trajectories import universe

from mdgmvae.errors import InputError
from mdgmvae.featurizers import Contacts, Dihedrals, Distances
from mdgmvae.featurizers.topology import Fingerprint, as_atoms, selected_atoms
from mdgmvae.featurizers.topology.atom_kinds import alpha_carbons, heavy_atoms
from mdgmvae.featurizers.topology.names import comparable_name
from mdgmvae.featurizers.topology.synonyms import canonical_name, canonical_resname

ANGLES = ("phi", "psi", "omega", "chi1", "chi2", "chi3", "chi4", "chi5")
FEATURIZERS = (
    Dihedrals(angles=ANGLES),
    Distances(scheme="ca", exclude_neighbours=3),
    Distances("protein and resid 1:9"),
    Distances("nucleic and resid 1:5"),
    Contacts("protein or nucleic", scheme="residue-min", exclude_neighbours=2),
)
TOPOLOGIES = (".pdb", ".pdb.gz", ".gro", ".psf", ".prmtop", ".parm7", ".mol2")
#: Files that show something else than the libraries do alike.
KNOWN = {
    "nma.pdb": "mdtraj calls the cap NME, which MDAnalysis calls protein, other than NMA",
    "maestro_aaqaa_capped.pdb": "the same",
    "make_whole.gro": "an atom called D, which mdtraj takes for deuterium",
}


@cache
def both(file):
    """Read a file with both libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            trajectory = mdtraj.load(file)
        except (ValueError, TypeError, OSError):
            trajectory = mdtraj.load_topology(file)
    return universe(file), trajectory


def names(featurizer, source):
    """Return the comparable names of the columns, or that there are none."""
    try:
        return [comparable_name(name) for name in featurizer.bind(source).names]
    except InputError as error:
        assert "no " in str(error) or "finds none" in str(error)
        return []


def check(ours, theirs):
    Fingerprint.of(ours).check(theirs, "mdtraj")
    assert Fingerprint.of(ours).digest == Fingerprint.of(theirs).digest
    for featurizer in FEATURIZERS:
        assert names(featurizer, ours) == names(featurizer, theirs), featurizer


@pytest.mark.parametrize(
    "file",
    [
        data.PRM,  # Amber: mdtraj counts residues from 0
        data.CPPTRAJ_TRAJ_TOP,
        data.NUCLsel,  # THY and DT
        data.PDB_xsmall,  # no elements: HG is mercury to mdtraj
        data.COORDINATES_TOPOLOGY,
        data.GRO_residwrap,  # numbers that start again after 99999
        data.GRO_residwrap_0base,
        data.capping_output,
    ],
    ids=lambda file: Path(file).name,
)
def test_files_that_mdtraj_reads_otherwise(file):
    if file == data.capping_output:
        ours, theirs = both(file)
        chosen = Distances(scheme="ca")
        assert names(chosen, ours) == names(chosen, theirs)
        assert len(names(chosen, ours)) == 14 * 13 // 2  # no methyl of a cap
        return
    check(*both(file))


def test_numbers_of_a_part_of_an_amber_topology():
    u, topology = universe(data.PRMpbc), mdtraj.load_topology(data.PRMpbc)
    protein = u.select_atoms("protein")
    part = as_atoms(topology.subset(protein.ix))
    assert part.residues.resids.tolist() == protein.residues.resids.tolist() == [1, 2, 3]


def test_numbers_in_a_file_are_kept_even_from_zero(tmp_path):
    u = mda.Merge(universe(data.PSF, data.DCD).select_atoms("resid 1:3"))
    u.residues.resids = [0, 1, 2]
    for name in ("zero.pdb", "zero.gro"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            u.atoms.write(str(tmp_path / name))
        ours, theirs = both(str(tmp_path / name))
        assert as_atoms(theirs).residues.resids.tolist() == ours.residues.resids.tolist()


def test_numbers_that_start_again_in_a_pdb_go_on(tmp_path):
    u = mda.Universe.empty(4, 4, atom_resindex=np.arange(4), trajectory=True)
    numbers = [9_998, 9_999, 10_000, 10_001]
    for name, values in {"names": ["OW"] * 4, "resnames": ["SOL"] * 4, "resids": numbers}.items():
        u.add_TopologyAttr(name, values)
    path = str(tmp_path / "water.pdb")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        u.atoms.write(path)
    assert "SOL X   0" in Path(path).read_text()
    ours, theirs = both(path)
    assert as_atoms(theirs).resids.tolist() == ours.atoms.resids.tolist() == numbers


def test_nucleotides_with_the_names_of_charmm(tmp_path):
    """mdtraj renames O1P to OP1, and GUA to G."""
    with gzip.open(data.RNA_PDB, "rt") as file:
        lines = [line for line in file if not re.search("TIP3|SOD|CLA|POT|MG ", line[12:26])]
    path = tmp_path / "rna.pdb"
    path.write_text("".join(lines))
    ours, _ = both(str(path))
    assert {"O1P", "O2P"} <= set(ours.atoms.names)
    assert set(ours.residues.resnames) == {"ADE", "CYT", "GUA", "URA"}
    check(*both(str(path)))


def test_ten_residues_have_one_number_of_distances():
    """Hydrogens such as HG were counted as heavy: 3,403 columns."""
    ours, theirs = both(data.PDB_xsmall)
    heavy = sum(not name.lstrip("0123456789").startswith("H") for name in ours.atoms.names)
    for source in (ours, theirs):
        assert Distances().bind(source).n_features == heavy * (heavy - 1) // 2 == 2485


@pytest.mark.parametrize(
    ("resname", "name", "guess", "element"),
    [
        ("MET", "HG3", "Hg", "H"),
        ("ARG", "HE", "He", "H"),
        ("PHE", "CA", "Ca", "C"),
        ("MSE", "SE", "Se", "Se"),
        ("CA", "CA", "Ca", "Ca"),
        ("CAL", "CA", "Ca", "Ca"),
        ("LIG", "HO2", "Ho", "H"),
        ("LIG", "CL1", "Cl", "Cl"),
        ("LIG", "CA", "Ca", "C"),
        ("HG", "HG", "Hg", "Hg"),
        ("MMC", "HG", "Hg", "Hg"),  # methyl mercury
        ("ZN", "ZN", "Zn", "Zn"),
        ("HEM", "FE", "Fe", "Fe"),
    ],
)
def test_names_win_over_guessed_elements(resname, name, guess, element):
    topology = mdtraj.Topology()
    residue = topology.add_residue(resname, topology.add_chain(), resSeq=1)
    topology.add_atom(name, mdtraj.element.get_by_symbol(guess), residue)
    if resname not in ("CA", "CAL", "HG", "ZN"):
        topology.add_atom("C1", mdtraj.element.carbon, residue)
    atom = as_atoms(topology)[0]
    assert atom.element == element
    assert atom.mass == pytest.approx(mdtraj.element.get_by_symbol(element).mass)


def test_every_name_that_mdtraj_replaces_is_the_same():
    """mdtraj replaces names when it reads PDB, GRO, PSF and Amber files."""
    folder = Path(mdtraj.__file__).parent / "formats" / "pdb" / "data"
    residues = {r.get("name"): r for r in ET.parse(folder / "pdbNames.xml").getroot()}
    checked = 0
    for residue in residues.values():
        shared = residues.get(residue.get("type"), ())
        alternatives = [v for k, v in residue.items() if k.startswith(("name", "alt"))]
        assert {canonical_resname(name) for name in alternatives} == {residue.get("name")}
        if residue.get("name") in ("All", "Protein", "Nucleic"):
            continue
        own = {atom.get("name") for atom in residue}
        spelled = {v for atom in residue for k, v in atom.items() if k.startswith("alt")}
        for atom in [*residue, *shared]:
            name = atom.get("name")
            if name.startswith("H") or (atom not in residue and name in own):
                continue
            for key, other in atom.items():
                if key.startswith("alt") and (atom in residue or other not in spelled):
                    for resname in alternatives:
                        checked += 1
                        assert canonical_name(resname, other) == canonical_name(resname, name)
    assert checked > 300


def all_topologies():
    found = {str(getattr(data, name)) for name in data.__all__}
    return sorted(
        file
        for file in found
        if file.endswith(TOPOLOGIES) and os.path.isfile(file) and os.path.getsize(file) < 3e6
    )


@pytest.mark.slow
@pytest.mark.parametrize("file", all_topologies(), ids=lambda file: Path(file).name)
def test_all_topologies(file):
    """Sweep over all topologies that both libraries can read."""
    if Path(file).name in KNOWN:
        pytest.skip(KNOWN[Path(file).name])
    try:
        ours, theirs = both(file)
    except Exception as error:  # mdtraj has many of its own
        pytest.skip(f"one of the libraries cannot read it: {error}")
    atoms = selected_atoms(ours, None)
    read = as_atoms(theirs)
    assert atoms.n_atoms == read.n_atoms
    np.testing.assert_array_equal(heavy_atoms(atoms), heavy_atoms(read))
    np.testing.assert_array_equal(alpha_carbons(atoms), alpha_carbons(read))
    check(ours, theirs)
