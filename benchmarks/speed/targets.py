"""Targets for speed: what was measured, and by how much and why a target was missed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markdown import cell

#: The Markdown of each section of RESULTS.md, by name.
Sections = Mapping[str, str]

PRODUCTS = (
    "nearly all of a step is matrix products and memory traffic, whose speed depends on the library"
)
RESTARTS = (
    "a step at S is small products and memory traffic, which do not get cheaper when batched: "
    "eight restarts in one graph took 10 to 11 times as long as one"
)


@dataclass(frozen=True)
class Target:
    """A target for a measured number.

    Parameters
    ----------
    what : str
    wanted : float
    measure : callable
        Finds the number in the sections; None if it was not measured.
    at_least : bool
        Whether higher numbers are better.
    reason : str
        Why the target was missed, if it was.
    shown : str
        Format of the numbers.
    """

    what: str
    wanted: float
    measure: Callable[[Sections], float | None]
    at_least: bool = True
    reason: str = ""
    shown: str = "{:.3g}"

    def row(self, sections: Sections) -> str:
        sign = "at least" if self.at_least else "at most"
        start = f"| {self.what} | {sign} {self.shown.format(self.wanted)} "
        value = self.measure(sections)
        if value is None:
            return f"{start}| not measured | |"
        ratio = value / self.wanted if self.at_least else self.wanted / value
        met = "met" if ratio >= 1 else f"missed by a factor of {1 / ratio:.2f}: {self.reason}"
        return f"{start}| {self.shown.format(value)} | {met.rstrip(': ')} |"


def against(size: str, contestant: str) -> Callable[[Sections], float | None]:
    """Find how many times as fast as a contestant the package is."""
    column = "speed-up of mdgmvae"
    return lambda sections: cell(sections["training"], f"Size {size}", contestant, column)


def n_decoded(sections: Sections) -> float | None:
    few, full = (
        cell(sections["training"], "Size XL", name, "frames / s")
        for name in ("mdgmvae, n_decoded=1", "mdgmvae")
    )
    return few / full if few and full else None


def restarts(size: str) -> Callable[[Sections], float | None]:
    """Find the ratio between the time of eight restarts and that of one."""

    def measure(sections: Sections) -> float | None:
        ratio = against(size, "mdgmvae, 8 restarts")(sections)
        return None if ratio is None else 8 * ratio

    return measure


def answer(variant: str, column: str) -> Callable[[Sections], float | None]:
    """Find how many times sooner than preset "paper" a variant reaches its score.

    This is processor time. On one thread of a quiet machine, it equals wall-clock time.
    """

    def measure(sections: Sections) -> float | None:
        share = cell(sections["answer"], "In processor time", variant, column)
        return 1 / share if share else None

    return measure


def start(command: str) -> Callable[[Sections], float | None]:
    return lambda sections: cell(sections["startup"], "Start-up", command, "seconds")


def features(name: str) -> Callable[[Sections], float | None]:
    return lambda sections: cell(sections["features"], "Featurization", name, "processor")


FAST = "lr=3e-3, batch_size=1000, cosine, n_epochs=20"
COMPILING = "compiling alone takes more than a sixtieth of the paper's time"
WITH_KINETICS = (
    "the weight of the entropy starts at 1, which keeps this score low for some epochs, and a step "
    "with the kinetic term costs as much as about three of the paper's"
)
TARGETS = (
    Target("size S, relative to biobb-pytorch", 14, against("S", "biobb-pytorch"), reason=PRODUCTS),
    Target("size S, relative to Keras `fit`", 7, against("S", "Keras fit"), reason=PRODUCTS),
    Target("size M, relative to biobb-pytorch", 3, against("M", "biobb-pytorch"), reason=PRODUCTS),
    Target("size M, relative to Keras `fit`", 1.8, against("M", "Keras fit"), reason=PRODUCTS),
    Target(
        "size L, relative to biobb-pytorch",
        1.9, against("L", "biobb-pytorch"), reason=PRODUCTS,
    ),
    Target("size L, relative to Keras `fit`", 1.35, against("L", "Keras fit"), reason=PRODUCTS),
    Target("size XL, `n_decoded=1` relative to the full sum", 3, n_decoded, reason=PRODUCTS),
    Target("size S, time of 8 restarts relative to one", 3, restarts("S"), False, RESTARTS),
    Target("size M, time of 8 restarts relative to one", 8, restarts("M"), False),
    Target(
        'preset "robust", how many times sooner it reaches the paper\'s score',
        60, answer("robust", "reached, share"), reason=f"{COMPILING}; {WITH_KINETICS}",
        shown="{:.0f}",
    ),
    Target(
        "the same, without compiling",
        60, answer("robust", "without compiling, share"), reason=WITH_KINETICS, shown="{:.0f}",
    ),
    Target(
        'the same for "paper" with `lr=3e-3`, `batch_size=1000`, cosine, 20 epochs',
        60, answer(FAST, "reached, share"), reason=COMPILING, shown="{:.0f}",
    ),
    Target(
        "the same, without compiling",
        60, answer(FAST, "without compiling, share"), shown="{:.0f}",
    ),
    Target("1,000 distances, relative to reading", 1.2, features("1,000 distances"), False),
    Target(
        "the same, nearest images",
        1.35, features("1,000 distances, minimum image"), False,
    ),
    Target("426 dihedrals, relative to reading", 1.2, features("phi and psi"), False),
    Target("all pairs of CA, relative to reading", 1.5, features("all pairs of CA"), False),
    Target(
        "`mdgmvae --help`, seconds of processor time", 0.5, start("`mdgmvae --help`"), False
    ),
)  # fmt: skip


def table(sections: Sections) -> str:
    """Return a Markdown table of all targets."""
    lines = ["## Targets", "", "| | target | measured | |", "|---|--:|--:|---|"]
    return "\n".join([*lines, *(target.row(sections) for target in TARGETS)])
