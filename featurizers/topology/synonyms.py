"""Canonical names of residues and atoms that programs spell differently.

mdtraj renames what it reads (HSD becomes HIS, CD of ILE becomes CD1), whereas MDAnalysis keeps
the names in the file. Features and fingerprints have to be the same with both.
"""


def _by_synonym(synonyms: dict[str, str]) -> dict[str, str]:
    """Return the canonical name of each synonym."""
    return {word: name for name, words in synonyms.items() for word in words.split()}


_RESIDUES = _by_synonym(
    {
        "HIS": "HSD HSE HSP HSH HID HIE HIP HIH",
        "CYS": "CYX",
        "NME": "NMA",
        "HOH": "SOL WAT TIP3 H20",
        "A": "ADE",
        "G": "GUA",
        "C": "CYT",
        "U": "URA",
        "DA": "DAD",
        "DG": "DGU",
        "DC": "DCY",
        "DT": "THY",
    }
)
_TERMINAL_OXYGENS = _by_synonym({"O": "O1 OT1 OCT1 OC1", "OXT": "O2 OT2 OCT2 OC2 OT"})
_PEPTIDE = frozenset(
    _by_synonym(
        {
            "amino acid": "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR "
            "TRP TYR VAL ORN AIB PCA UNK",
            "cap": "ACE FOR NME NH2",
        }
    )
)
_BACKBONE_OF_NUCLEOTIDES = {
    **_by_synonym({"OP1": "O1P", "OP2": "O2P", "OP3": "O3P"}),
    **{f"{atom}*": f"{atom}'" for atom in ["C1", "C2", "C3", "C4", "C5", "O2", "O3", "O4", "O5"]},
}
_NUCLEOTIDES = frozenset(["A", "G", "C", "U", "DA", "DG", "DC", "DT"])
_ATOMS = {
    "DT": _by_synonym({"C7": "C5M"}),
    "ILE": _by_synonym({"CD1": "CD"}),
    "SER": _by_synonym({"OG": "OG1"}),
    "THR": _by_synonym({"OG1": "OG", "CG2": "CG"}),
    "CYS": _by_synonym({"SG": "SG1"}),
    "ASN": _by_synonym({"OD1": "OD", "ND2": "ND"}),
    "GLN": _by_synonym({"OE1": "OE", "NE2": "NE"}),
    "FOR": _by_synonym({"C": "CY", "O": "OY"}),
    "ACE": _by_synonym({"C": "CY", "CH3": "CAY CA", "O": "OY"}),
    "NME": _by_synonym({"N": "NT", "C": "CH3 CT CAT CA"}),
    "NH2": _by_synonym({"N": "NT"}),
    "HOH": _by_synonym({"O": "OW OH2 O1"}),
}


def canonical_resname(resname: str) -> str:
    """Return the canonical name of a residue, independent of program and protonation state.

    Examples
    --------
    >>> from mdgmvae.featurizers.topology.synonyms import canonical_resname
    >>> canonical_resname("HSD"), canonical_resname("ALA")
    ('HIS', 'ALA')
    """
    return _RESIDUES.get(resname, resname)


def canonical_name(resname: str, name: str) -> str:
    """Return the canonical name of a heavy atom. Hydrogens keep their names.

    Examples
    --------
    >>> from mdgmvae.featurizers.topology.synonyms import canonical_name
    >>> canonical_name("ILE", "CD"), canonical_name("LYS", "CD"), canonical_name("GLY", "OT2")
    ('CD1', 'CD', 'OXT')
    """
    resname = canonical_resname(resname)
    special = _ATOMS.get(resname, {})
    if name in special:
        return special[name]
    if resname in _NUCLEOTIDES:
        return _BACKBONE_OF_NUCLEOTIDES.get(name, name)
    return _TERMINAL_OXYGENS.get(name, name) if resname in _PEPTIDE else name
