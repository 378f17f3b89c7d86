"""Names that programs spell differently, made one.

mdtraj renames what it reads (HSD becomes HIS, CD of ILE becomes CD1, HB1 becomes HB3);
MDAnalysis keeps the names of the file. Features and fingerprints have to be the same on both.
"""

_RESIDUES = {
    "HIS": "HSD HSE HSP HID HIE HIP HISA HISB HISD HISE HISH HIS1 HIS2",
    "CYS": "CYX CYM CYS2 CYSH",
    "ASP": "ASH ASPH",
    "GLU": "GLH GLUH",
    "LYS": "LYN LYSH LSN",
    "ARG": "ARGN",
    "HOH": "SOL WAT H2O TIP3 TIP4 TP3 TP4 T3P T4P SPC TIP TIP5",
}
_CANONICAL_RESIDUE = {
    synonym: name for name, synonyms in _RESIDUES.items() for synonym in synonyms.split()
}


def canonical_resname(resname: str) -> str:
    """Give one name to what programs and protonation states spell differently.

    Examples
    --------
    >>> from mdgmvae.featurizers.synonyms import canonical_resname
    >>> canonical_resname("HSD"), canonical_resname("ALA")
    ('HIS', 'ALA')
    """
    return _CANONICAL_RESIDUE.get(resname, resname)


def canonical_name(name: str) -> str:
    """Give one name to atoms that programs spell differently; every hydrogen is "H".

    Examples
    --------
    >>> from mdgmvae.featurizers.synonyms import canonical_name
    >>> canonical_name("1HB"), canonical_name("HB3"), canonical_name("OT1"), canonical_name("CA")
    ('H', 'H', 'O', 'CA')
    """
    if name.lstrip("0123456789").startswith("H"):
        return "H"
    return name
