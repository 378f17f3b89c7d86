"""The atoms to analyse."""

import os
from typing import Any

from ..errors import InputError
from ..featurizers.topology.atoms import is_mdtraj
from ..featurizers.topology.chain_members import protein_selection


def check_source(universe: Any) -> None:
    """Raise an error unless `universe` has atoms whose frames can carry labels.

    Parameters
    ----------
    universe : object
        What the user has passed.

    Raises
    ------
    InputError
        If it is a file name, an mdtraj Trajectory or something without atoms.
    """
    if is_mdtraj(universe):
        raise InputError(
            "universe: an mdtraj.Trajectory cannot carry labels; pass an MDAnalysis Universe "
            "of its files, or compute features (mdgmvae.featurize) and train mdgmvae.GMVAE"
        )
    if hasattr(getattr(universe, "atoms", None), "select_atoms"):
        return
    if isinstance(universe, str | os.PathLike):
        raise InputError(
            f"universe={os.fspath(universe)!r}: is the name of a file; pass "
            "MDAnalysis.Universe(topology, trajectory)"
        )
    raise InputError(
        f"universe: is a {type(universe).__name__}; pass an MDAnalysis Universe or AtomGroup"
    )


def default_selection(universe: Any, select: str | None) -> str | None:
    """Return `select`, or the default selection for None.

    Parameters
    ----------
    universe : Universe or AtomGroup
        What the selection is applied to.
    select : str or None
        A selection in MDAnalysis' language.

    Returns
    -------
    str or None
        For None, the protein for a Universe, or None (all atoms) for an AtomGroup. Residues that
        are bonded into its chains, but are not among those that MDAnalysis calls "protein", are
        named in the selection.
    """
    is_universe = getattr(universe, "universe", None) is universe
    return protein_selection(universe.atoms) if select is None and is_universe else select
