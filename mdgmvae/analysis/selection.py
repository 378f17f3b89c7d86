"""Which atoms are analysed when no selection is given."""

from typing import Any


def default_selection(universe: Any, select: str | None) -> str | None:
    """Return `select`, or what None stands for.

    Parameters
    ----------
    universe : Universe or AtomGroup
        What the selection is applied to.
    select : str or None
        A selection in MDAnalysis' language.

    Returns
    -------
    str or None
        For None "protein" of a Universe, and None, which is all atoms, of an AtomGroup.
    """
    is_universe = getattr(universe, "universe", None) is universe
    return "protein" if select is None and is_universe else select
