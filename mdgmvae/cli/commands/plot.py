"""``mdgmvae plot``: one figure of finished results."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, cast

from ...checks import as_path
from ...errors import InputError
from ...storage.atomic import atomic_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Formats of the file, by suffix.
FORMATS = (".png", ".pdf", ".svg")
#: Figures that --features and --temperature are for.
OF_ENERGY = ("free_energy", "free_energy_error")
#: Pixels per inch of a .png file.
DPI = 200


def plot(options: argparse.Namespace) -> str:
    """Draw the figure, and say where it is."""
    path = as_path(options.out or f"{options.figure}.png")
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: a figure must end in {', '.join(FORMATS)}; choose another -o")
    arguments = _arguments(options)
    import matplotlib

    matplotlib.use("Agg")
    from ...plot.of_results import ResultPlots
    from ...report.finished import Finished

    found = Finished.of(options.folder)
    plots = ResultPlots(found.model, found.results, found.features)
    figure = cast("Figure", plots.by_name(options.figure)(**arguments).figure)
    with atomic_file(path) as temporary:
        kind = path.suffix.lower().removeprefix(".")
        figure.savefig(temporary, format=kind, dpi=DPI, bbox_inches="tight")
    return f"{options.figure}: {path}"


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    given = {"coordinates": options.features, "temperature": options.temperature}
    given = {key: value for key, value in given.items() if value is not None}
    if given and options.figure not in OF_ENERGY:
        raise InputError(
            f"--features, --temperature: {options.figure} takes none of them; they are for "
            f"{' and '.join(OF_ENERGY)}"
        )
    return given
