"""Insertion codes of residues, which mdtraj leaves out when it reads a file."""

import os
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..checks import as_path
from ..featurizers.topology.mdtraj_atoms import residue_numbers


def insertion_codes(file: Any, topology: Any) -> Sequence[str] | None:
    """Read the insertion codes of the residues of an mdtraj topology from its file.

    Parameters
    ----------
    file : object
        The file of the topology, if it is one.
    topology : mdtraj.Topology
        The topology that mdtraj has read from it.

    Returns
    -------
    sequence of str or None
        The code of each residue. None if no residue has one, or if the file cannot tell.

    Examples
    --------
    >>> import mdtraj
    >>> from MDAnalysisTests.datafiles import PDB_icodes
    >>> codes = insertion_codes(PDB_icodes, mdtraj.load_topology(PDB_icodes))
    >>> codes.index('A'), sorted(set(codes))[:3]
    (156, ['', 'A', 'B'])
    """
    numbers = residue_numbers(topology)
    if not isinstance(file, str | os.PathLike) or not any(a == b for a, b in pairwise(numbers)):
        return None
    from MDAnalysis.core._get_readers import get_parser_for

    path = str(as_path(file))
    with warnings.catch_warnings():
        # Only numbers and codes are used, and nothing is guessed.
        warnings.simplefilter("ignore")
        try:
            with get_parser_for(path)(path) as parser:
                own = parser.parse()
        except Exception:  # MDAnalysis has no parser for this file, or it expects something else.
            return None
    if not hasattr(own, "icodes") or own.resids.values.tolist() != numbers:
        return None
    codes: list[str] = [str(code).strip() for code in own.icodes.values]
    return codes
