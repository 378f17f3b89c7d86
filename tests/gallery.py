"""The pictures of docs/guides/plots.md, from the embedded alanine dipeptide.

Run this file to draw them anew: python tests/gallery.py. Look at each of them before you commit it.
"""

import csv
from functools import cache

import matplotlib
import numpy as np
from alanine_basins import conventional, dihedrals
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from paths import ROOT
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mdgmvae import kinetics, landscape, plot
from mdgmvae.states.state_features import Description

FOLDER = ROOT / "docs" / "images" / "gallery"
#: Width of a column of a journal in inches, and of the text of a page.
COLUMN, PAGE = 3.4, 7.0
DPI = 150
#: Time between frames in ps, and a lag time in frames.
DT, LAG = 2.0, 5


@cache
def labels():
    """Return the conventional basins, numbered by their populations."""
    basins = conventional()
    return np.argsort(np.argsort(-np.bincount(basins), kind="stable"))[basins]


@cache
def energy(*columns):
    names = ["phi ALA2", "psi ALA2"]
    return landscape.free_energy(
        dihedrals()[:, list(columns)], names=[names[i] for i in columns],
        axis_units=["degree"] * len(columns), periods=[360.0] * len(columns), temperature=300.0,
        lengths=[len(labels())],
    )  # fmt: skip


def history():
    with (ROOT / "tests" / "data" / "history.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    return {key: [float(row[key]) for row in rows] for key in rows[0]}


def described():
    """Return effect sizes of the dihedrals and of distances that follow from them."""
    radians = np.radians(dihedrals())
    values = np.c_[np.cos(radians), np.sin(radians)]
    names = ("phi ALA2 cos", "psi ALA2 cos", "phi ALA2 sin", "psi ALA2 sin")
    effects = []
    for state in range(4):
        inside, outside = values[labels() == state], values[labels() != state]
        spread = np.sqrt((inside.var(axis=0) + outside.var(axis=0)) / 2)
        effects.append((inside.mean(axis=0) - outside.mean(axis=0)) / spread)
    effects = np.array(effects)
    return Description(
        "states", names, ("1",) * 4, np.bincount(labels()), effects, np.ones((4, 4)), effects,
        np.abs(effects), (np.array([0]),) * 4,
    )  # fmt: skip


def equilibrium():
    return kinetics.stationary_populations(labels(), lag=LAG)


def transitions():
    return kinetics.transitions(labels(), lag=LAG, dt=DT)


def timescales():
    return kinetics.implied_timescales(labels(), lags=[1, 2, 5, 10, 20, 50], dt=DT)


def markov_test():
    return kinetics.chapman_kolmogorov(labels(), lag=LAG, dt=DT)


def agreement():
    rng = np.random.default_rng(0)
    phi, psi = dihedrals().T
    moved = [conventional()]
    for shift in (4.0, -6.0, 12.0):
        extended = np.where((phi >= -110 + shift) & (phi < 0), 1, 0)
        left = np.where((psi >= -130) & (psi < 80 + rng.normal()), 2, extended)
        moved.append(np.where((phi >= 0) & (phi < 135), 3, left))
    moved[-1][moved[-1] == 3] = 0
    return kinetics.compare_runs([labels(), *moved[1:]])


#: Size in inches, and the function that draws on Axes.
PICTURES = {
    "free_energy": (
        (COLUMN, 2.7), lambda ax: plot.free_energy(energy(0, 1), labels(), ax=ax)
    ),
    "profile": ((COLUMN, 2.5), lambda ax: plot.free_energy(energy(0), labels(), ax=ax)),
    "free_energy_error": (
        (COLUMN, 2.7), lambda ax: plot.free_energy_error(energy(0, 1), labels(), ax=ax)
    ),
    "trace": ((PAGE, 1.8), lambda ax: plot.trace(labels(), DT * np.arange(len(labels())), ax=ax)),
    "populations": (
        (COLUMN, 2.5), lambda ax: plot.populations(labels(), ax=ax, equilibrium=equilibrium())
    ),
    "effect_sizes": ((COLUMN, 2.5), lambda ax: plot.effect_sizes(described(), ax=ax, n=4)),
    "ramachandran": (
        (COLUMN, 3.4), lambda ax: plot.ramachandran(*dihedrals().T, labels(), ax=ax, name="ALA2")
    ),
    "transition_network": (
        (COLUMN, 2.9),
        lambda ax: plot.transition_network(
            transitions(), np.bincount(labels()) / len(labels()), ax=ax
        ),
    ),
    "implied_timescales": (
        (COLUMN, 2.9), lambda ax: plot.implied_timescales(timescales(), ax=ax, lag=LAG)
    ),
    "chapman_kolmogorov": ((COLUMN, 3.4), lambda ax: plot.chapman_kolmogorov(markov_test(), ax=ax)),
    "history": ((COLUMN, 2.7), lambda ax: plot.history(history(), ax=ax)),
    "agreement": ((COLUMN, 1.9), lambda ax: plot.agreement(agreement(), ax=ax)),
}  # fmt: skip


def picture(name, scale=1.0):
    """Return a picture as an image, also in another size."""
    size, draw = PICTURES[name]
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        figure = Figure(figsize=np.multiply(size, scale), layout="constrained", dpi=DPI)
        canvas = FigureCanvasAgg(figure)
        draw(figure.add_subplot())
        canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def drawn_with(name):
    """Return the version of matplotlib that has drawn a picture."""
    with Image.open(FOLDER / f"{name}.png") as image:
        return image.text["matplotlib"]


def main():
    FOLDER.mkdir(exist_ok=True)
    note = PngInfo()
    note.add_text("matplotlib", matplotlib.__version__)
    for name in PICTURES:
        few = picture(name).quantize(128, dither=Image.Dither.NONE)
        few.save(FOLDER / f"{name}.png", optimize=True, pnginfo=note)


if __name__ == "__main__":
    main()
