"""Table and picture of the runs of answer.py."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

#: What is drawn; more lines hide each other.
DRAWN = ("paper", "robust", "lr=3e-3, batch_size=1000, cosine, n_epochs=20")
#: The first training, and the second one.
STYLES, MEANINGS = ("-", "--"), ("", ", again on all frames (refit)")
#: On one thread, the clock and the processor agree within this where a machine is quiet.
BUSY = 1.15
#: Scores are equal within this: components that are numbered anew add up in another order.
ROUNDING = 1e-4


@dataclass(frozen=True)
class Run:
    """One training: scores at some moments; seconds as pairs, on the clock and of the processor.

    Parameters
    ----------
    training : ndarray of int
        0, or 1 in the second training on all frames.
    seconds : ndarray of shape (moments, 2)
    scores : ndarray
    compiling : ndarray of shape (2,)
        What tracing and compiling took.
    fit : ndarray of shape (2,)
        All of `fit`.
    final : float
        The score of what `fit` ends with.
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
        """Seconds after which the score was there for the first time; None where it never was."""
        there = np.flatnonzero(self.scores >= score - ROUNDING)
        return self.seconds[there[0]] if len(there) else None


def tables(runs: Mapping[str, Sequence[Run]]) -> str:
    """On the clock, and in processor time, which others on the machine change less."""
    best = max(run.final for run in runs["paper"])
    lines = [table(runs, 0), "\nIn processor time\n", table(runs, 1)]
    if (waited := waiting(runs)) > BUSY:
        lines.insert(0, f"Others used the machine: the clock ran {waited:.1f} times as long.\n")
    lines.append(f"\nThe highest of the paper's scores, {best:.3f}, was reached by\n")
    for name, found in runs.items():
        times = [time[0] for run in found if (time := run.reached(best)) is not None]
        median = f", after {statistics.median(times):.1f} s" if times else ""
        lines.append(f"- {name}: {len(times)} of {len(found)} seeds{median}")
    return "\n".join(lines)


def waiting(runs: Mapping[str, Sequence[Run]]) -> float:
    """How many times as long as the processor worked the clock ran."""
    return statistics.median(run.fit[0] / run.fit[1] for found in runs.values() for run in found)


def table(runs: Mapping[str, Sequence[Run]], clock: int) -> str:
    """Seconds of one clock: what `fit` took, and when the paper's score was there."""
    lines = [
        "| | score of each seed | `fit` / s | `fit`, share of the paper's | reached / s "
        "| reached, share | without compiling / s | without compiling, share |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, found in runs.items():
        scores = " ".join(f"{run.final:.3f}" for run in found)
        lines.append(f"| {name} | {scores} | {' | '.join(cells(found, runs['paper'], clock))} |")
    return "\n".join(lines)


def cells(found: Sequence[Run], paper: Sequence[Run], clock: int) -> list[str]:
    """Medians of the seeds; a share is of the time that the paper's `fit` took, same seed."""
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
    """Score against the clock, or where others used the machine against processor time.

    The second training of "robust" is dashed.
    """
    clock = int(waiting(runs) > BUSY)
    unit = ("seconds", "seconds of processor time")[clock]
    fig, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    for color, name in zip(("#333333", "#0072b2", "#d55e00"), DRAWN, strict=True):
        for number, run in enumerate(runs.get(name, [])):
            for training in np.unique(run.training):
                style, label = STYLES[training], name + MEANINGS[training]
                chosen = run.training == training
                seconds, shown = run.seconds[chosen, clock], "" if number else label
                ax.plot(seconds, run.scores[chosen], style, color=color, lw=1, label=shown)
    for number, run in enumerate(runs["paper"]):
        shown = "" if number else "where paper ends"
        ax.axhline(run.final, color="#333333", lw=0.5, ls=":", label=shown)
    ends = [run.scores[-1] for found in runs.values() for run in found]
    ax.set(
        xscale="log", xlabel=f"{unit} after fit was called", ylabel="score / nats a frame",
        ylim=(min(ends) - 2.0, max(ends) + 0.2),
    )  # fmt: skip
    ax.legend(frameon=False, loc="lower left", fontsize="small")
    ax.spines[["top", "right"]].set_visible(False)
    fig.savefig(path, dpi=100)
    plt.close(fig)
