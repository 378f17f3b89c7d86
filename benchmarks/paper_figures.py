"""Figures of the runs of paper.py."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from paper_problems import Problem
from paper_tables import COURSE, PUBLISHED
from PIL import Image

from mdgmvae import plot
from mdgmvae.kinetics import chapman_kolmogorov, implied_timescales
from mdgmvae.kinetics.lumping import states_of_components
from mdgmvae.plot.palette import state_colors

LAGS = (1, 2, 5, 10, 20, 40)
#: Largest number of points in a panel; more would only make the file larger.
_POINTS = 6_000
#: Largest number of states in the test; with more, the panels are too small to read.
_MAX_STATES = 3


class Run(NamedTuple):
    """What paper.py stores of a run: labels, latent coordinates, loss by epoch."""

    labels: np.ndarray
    latent: np.ndarray
    losses: np.ndarray


def load(path: Path) -> Run:
    with np.load(path) as stored:
        return Run(stored["labels"].astype(np.int64), stored["latent"], stored["losses"])


def figure_of(problem: Problem, runs: Mapping[str, Run]) -> Figure:
    """Draw a row for each method: clusters, free energy, timescales, Chapman-Kolmogorov test."""
    figure = plt.figure(figsize=(15.5, 3.5 * len(runs)), layout="constrained")
    # The panels of the Chapman-Kolmogorov test extend beyond their axes.
    figure.get_layout_engine().set(wspace=0.08)
    rows = figure.subfigures(len(runs), 1, squeeze=False)[:, 0]
    for part, (method, run) in zip(rows, runs.items(), strict=True):
        part.suptitle(method, x=0.01, ha="left", fontsize="x-large", fontweight="bold")
        axes = part.subplots(1, 4, width_ratios=[1.0, 1.35, 1.1, 1.25])
        draw_clusters(problem, run.labels, axes[0])
        plot.free_energy(run.latent, run.labels, ax=axes[1])
        draw_timescales(problem, run.labels, axes[2])
        draw_test(problem, run.labels, axes[3])
        # The other two have legends there, and the names of their axes tell what they show.
        axes[0].set_title("clusters")
        axes[1].set_title("latent space")
    return figure


def draw_clusters(problem: Problem, labels: np.ndarray, ax: Axes) -> None:
    """Draw the frames in familiar coordinates, coloured by component."""
    some = np.random.default_rng(0).permutation(len(labels))[:_POINTS]
    colors = np.array(state_colors(int(labels.max()) + 1))[labels[some]]
    ax.scatter(*problem.view[some].T, c=colors, s=4, linewidths=0)
    ax.set(xlabel=problem.axes[0], ylabel=problem.axes[1])
    ax.spines[["top", "right"]].set_visible(False)


def draw_timescales(problem: Problem, labels: np.ndarray, ax: Axes) -> None:
    """Draw the timescales of the components and, dashed, those of the known states."""
    arguments = {"lags": LAGS, "lengths": problem.lengths, "dt": problem.dt}
    if len(np.unique(labels)) == 1:
        ax.set_axis_off()
        ax.text(0.5, 0.5, "one state: no timescale", ha="center", transform=ax.transAxes)
        return
    known = implied_timescales(problem.states, **arguments, n_samples=0)
    times = np.where(known.timescales > 0, known.timescales, np.nan)
    names = ["known states", *"_" * (times.shape[1] - 1)]
    ax.plot(known.lags * known.dt, times, "--", color="#D55E00", linewidth=1, label=names)
    plot.implied_timescales(implied_timescales(labels, **arguments), ax)
    ax.set_ylim(top=max(ax.get_ylim()[1], 2 * np.nanmax(times)))


def draw_test(problem: Problem, labels: np.ndarray, ax: Axes) -> None:
    """Draw the test of the components, lumped into as many states as are known."""
    n = int(problem.metastable.max()) + 1
    k = int(labels.max()) + 1
    known = {"lag": problem.lag, "lengths": problem.lengths}
    states = states_of_components(labels, k=k, **known, n_macrostates=n)[labels]
    test = chapman_kolmogorov(states, **known, dt=problem.dt)
    plot.chapman_kolmogorov(test, ax, states=np.unique(states)[:_MAX_STATES])


def save(figure: Figure, path: Path, dpi: int = 72) -> None:
    """Save a figure as a PNG of 256 colours, which takes a third of the size."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=dpi)
    plt.close(figure)
    # This method keeps rare colours; the default one merges two states.
    fewer = Image.open(drawn).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    fewer.save(path, optimize=True)


def figure_of_losses(runs: Mapping[str, Sequence[Run]]) -> Figure:
    """Draw the loss of all seeds by epoch, with the values that the paper's code printed."""
    figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
    there = {method: found for method, found in runs.items() if found and method != "robust"}
    for color, (method, found) in zip(state_colors(len(there)), there.items(), strict=True):
        for number, run in enumerate(found):
            label = f"{method}, {len(found)} seed{'s' * (len(found) > 1)}" if not number else None
            ax.plot(1 + np.arange(len(run.losses)), run.losses, color=color, lw=1, label=label)
    ax.plot(COURSE, PUBLISHED, "o", color="black", markersize=4, label="paper's code, published")
    ax.set(xlabel="epoch", ylabel="loss / nats per frame", ylim=(-1.2, 4.8))
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return figure
