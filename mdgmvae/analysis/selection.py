"""Default selection of the atoms to analyse."""

from typing import Any


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
        For None, "protein" for a Universe, or None (all atoms) for an AtomGroup.
    """
    is_universe = getattr(universe, "universe", None) is universe
    return "protein" if select is None and is_universe else select
