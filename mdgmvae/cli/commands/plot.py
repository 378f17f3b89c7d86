"""``mdgmvae plot``: one figure of finished results."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, cast

from ...checks import as_path
from ...errors import InputError
from ...plot import require_matplotlib
from ...plot.figures import DPI
from ...storage.atomic import atomic_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Formats of the file, by suffix.
FORMATS = (".png", ".pdf", ".svg")
_ENERGIES = ("free_energy", "free_energy_error")
#: Figures that each option is for, and the name of its argument.
_OPTIONS = {
    "features": ("coordinates", _ENERGIES),
    "temperature": ("temperature", _ENERGIES),
    "residue": ("residue", ("ramachandran",)),
    "runs": ("others", ("agreement",)),
}


def plot(options: argparse.Namespace) -> str:
    """Draw the figure, and say where it is."""
    path = as_path(options.out or f"{options.figure}.png")
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: a figure must end in {', '.join(FORMATS)}; choose another -o")
    arguments = _arguments(options)
    require_matplotlib()
    import matplotlib

    matplotlib.use("Agg")
    from ...plot.of_results import ResultPlots
    from ...report.finished import Finished, labels_of_runs

    found = Finished.of(options.folder)
    if "others" in arguments:
        arguments["others"] = labels_of_runs(options.runs, found.folder, found.results.frames)
    plots = ResultPlots(found.model, found.results, found.features)
    figure = cast("Figure", plots.by_name(options.figure)(**arguments).figure)
    with atomic_file(path) as temporary:
        kind = path.suffix.lower().removeprefix(".")
        figure.savefig(temporary, format=kind, dpi=DPI, bbox_inches="tight")
    return f"{options.figure}: {path}"


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of the figure."""
    arguments = {}
    for option, (argument, figures) in _OPTIONS.items():
        value = getattr(options, option)
        if value is None:
            continue
        if options.figure not in figures:
            raise InputError(
                f"--{option}: {options.figure} does not take it; it is for {' and '.join(figures)}"
            )
        arguments[argument] = value
    return arguments
