"""Tables and figure of the runs of answer.py."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

#: Variants in the figure; with more lines it would be hard to read.
DRAWN = ("paper", "robust", "lr=3e-3, batch_size=1000, cosine, n_epochs=20")
#: Line style and label of the first and of the second training.
STYLES, MEANINGS = ("-", "--"), ("", ", again on all frames (refit)")
#: Wall-clock time divided by processor time of one thread, above which a machine counts as busy.
BUSY = 1.15
#: Rounding error of a score: renumbered components are summed in another order.
ROUNDING = 1e-4


@dataclass(frozen=True)
class Run:
    """Scores at some moments of a training. Times are pairs: wall-clock and processor seconds.

    Parameters
    ----------
    training : ndarray of int
        0 in the first training, 1 in the second training on all frames.
    seconds : ndarray of shape (moments, 2)
    scores : ndarray
    compiling : ndarray of shape (2,)
        Time of tracing and compiling.
    fit : ndarray of shape (2,)
        Time of the whole `fit`.
    final : float
        Score of the final weights.
    """

    training: np.ndarray
    seconds: np.ndarray
    scores: np.ndarray
    compiling: np.ndarray
    fit: np.ndarray
    final: float

    @classmethod
    def load(cls, path: Path) -> "Run":
        with np.load(path) as stored:
            seconds = np.stack([stored["wall"], stored["processor"]], axis=1)
            kept = [stored[name] for name in ("scores", "compiling", "fit")]
            return cls(stored["training"], seconds, *kept, float(stored["final"]))

    def reached(self, score: float) -> np.ndarray | None:
        """Return the time at which the score is reached first, or None if it never is."""
        there = np.flatnonzero(self.scores >= score - ROUNDING)
        return self.seconds[there[0]] if len(there) else None


def tables(runs: Mapping[str, Sequence[Run]]) -> str:
    """Return tables of wall-clock and processor time, which depends less on other programs."""
    best = max(run.final for run in runs["paper"])
    lines = [table(runs, 0), "\nIn processor time\n", table(runs, 1)]
    if (waited := waiting(runs)) > BUSY:
        lines.insert(
            0,
            "In wall-clock time. Other programs used the machine, so it is "
            f"{waited:.1f} times the processor time.\n",
        )
    lines.append(f"\nThe highest of the paper's scores, {best:.3f}, was reached by\n")
    for name, found in runs.items():
        times = [time[0] for run in found if (time := run.reached(best)) is not None]
        median = f", after {statistics.median(times):.1f} s" if times else ""
        lines.append(f"- {name}: {len(times)} of {len(found)} seeds{median}")
    return "\n".join(lines)


def waiting(runs: Mapping[str, Sequence[Run]]) -> float:
    """Return the ratio of wall-clock time to processor time."""
    return statistics.median(run.fit[0] / run.fit[1] for found in runs.values() for run in found)


def table(runs: Mapping[str, Sequence[Run]], clock: int) -> str:
    """Return a table of one kind of time: that of `fit`, and that to reach the paper's score."""
    lines = [
        "| | score of each seed | `fit` / s | `fit`, share of the paper's time | reached / s "
        "| reached, share | without compiling / s | without compiling, share |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, found in runs.items():
        scores = " ".join(f"{run.final:.3f}" for run in found)
        lines.append(f"| {name} | {scores} | {' | '.join(cells(found, runs['paper'], clock))} |")
    return "\n".join(lines)


def cells(found: Sequence[Run], paper: Sequence[Run], clock: int) -> list[str]:
    """Return medians over the seeds; shares refer to the paper's `fit` with the same seed."""
    fits, reached, bare = [], [], []
    for run, other in zip(found, paper, strict=True):
        whole, without = other.fit[clock], (other.fit - other.compiling)[clock]
        fits.append((run.fit[clock], whole))
        there = run.fit if run is other else run.reached(other.final)
        if there is not None:
            reached.append((there[clock], whole))
            bare.append(((there - run.compiling)[clock], without))
    few = "" if len(reached) == len(found) else f" ({len(reached)} of {len(found)} seeds)"
    return [*medians(fits), *medians(reached, few), *medians(bare)]


def medians(pairs: Sequence[tuple[float, float]], more: str = "") -> list[str]:
    if not pairs:
        return ["never", ""]
    seconds, times = zip(*[(ours, whole / ours) for ours, whole in pairs], strict=True)
    share = statistics.median(times)
    shown = f"1/{share:.0f}" if share >= 1.5 else f"{1 / share:.2g}"
    return [f"{statistics.median(seconds):.1f}{more}", shown]


def figure(runs: Mapping[str, Sequence[Run]], path: Path) -> None:
    """Draw the scores against wall-clock time, or against processor time if the machine is busy.

    The second training of "robust" is dashed.
    """
    clock = int(waiting(runs) > BUSY)
    unit = ("seconds", "seconds of processor time")[clock]
    fig, ax = plt.subplots(figsize=(7.5, 5.0), layout="constrained")
    for color, name in zip(("#333333", "#0072b2", "#d55e00"), DRAWN, strict=True):
        for number, run in enumerate(runs.get(name, [])):
            for training in np.unique(run.training):
                style, label = STYLES[training], name + MEANINGS[training]
                chosen = run.training == training
                seconds, shown = run.seconds[chosen, clock], "" if number else label
                ax.plot(seconds, run.scores[chosen], style, color=color, lw=1, label=shown)
    for number, run in enumerate(runs["paper"]):
        shown = "" if number else "final score of paper"
        ax.axhline(run.final, color="#333333", lw=0.5, ls=":", label=shown)
    ends = [run.scores[-1] for found in runs.values() for run in found]
    ax.set(
        xscale="log", xlabel=f"{unit} after the call of fit", ylabel="score / nats per frame",
        ylim=(min(ends) - 2.0, max(ends) + 0.2),
    )  # fmt: skip
    # The curves leave no corner free.
    fig.legend(frameon=False, loc="outside upper left", ncols=2, fontsize="small")
    ax.spines[["top", "right"]].set_visible(False)
    fig.savefig(path, dpi=100)
    plt.close(fig)
