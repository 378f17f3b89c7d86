"""What was wanted, what was measured, and by how much and why it was missed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markdown import cell

#: The Markdown of each section of RESULTS.md, by name.
Sections = Mapping[str, str]

PRODUCTS = (
    "nearly all of a step is matrix products and passes over memory, in which the library decides"
)
RESTARTS = (
    "a step at S is thin products and passes over memory, which do not get cheaper by being many: "
    "eight in one graph took 10 to 11 times as long as one"
)


@dataclass(frozen=True)
class Target:
    """A number that was wanted.

    Parameters
    ----------
    what : str
    wanted : float
    measure : callable
        The number, from the sections; None where it was not measured.
    at_least : bool
        Whether more is better.
    reason : str
        Why it is missed, where it is.
    shown : str
        How the numbers are written.
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
    """How many times as fast as a contestant the package is."""
    column = "mdgmvae against it"
    return lambda sections: cell(sections["training"], f"Size {size}", contestant, column)


def n_decoded(sections: Sections) -> float | None:
    few, full = (
        cell(sections["training"], "Size XL", name, "frames / s")
        for name in ("mdgmvae, n_decoded=1", "mdgmvae")
    )
    return few / full if few and full else None


def restarts(size: str) -> Callable[[Sections], float | None]:
    """The time of eight restarts over that of one."""

    def measure(sections: Sections) -> float | None:
        ratio = against(size, "mdgmvae, 8 restarts")(sections)
        return None if ratio is None else 8 * ratio

    return measure


def answer(variant: str, column: str) -> Callable[[Sections], float | None]:
    """How many times sooner than preset "paper" a variant reaches its score, by the processor.

    On one thread that is the clock of a quiet machine.
    """

    def measure(sections: Sections) -> float | None:
        share = cell(sections["answer"], "In processor time", variant, column)
        return 1 / share if share else None

    return measure


def start(command: str) -> Callable[[Sections], float | None]:
    return lambda sections: cell(sections["startup"], "Starting", command, "seconds")


def features(name: str) -> Callable[[Sections], float | None]:
    return lambda sections: cell(sections["features"], "Featurization", name, "processor")


FAST = "lr=3e-3, batch_size=1000, cosine, n_epochs=20"
COMPILING = "compiling alone takes more than a sixtieth of the paper's time"
WITH_KINETICS = (
    "the entropy's weight starts at 1 and holds this score back for some epochs, and a step with "
    "the kinetic term costs about three of the paper's"
)
TARGETS = (
    Target("size S, against biobb-pytorch", 14, against("S", "biobb-pytorch"), reason=PRODUCTS),
    Target("size S, against Keras `fit`", 7, against("S", "Keras fit"), reason=PRODUCTS),
    Target("size M, against biobb-pytorch", 3, against("M", "biobb-pytorch"), reason=PRODUCTS),
    Target("size M, against Keras `fit`", 1.8, against("M", "Keras fit"), reason=PRODUCTS),
    Target("size L, against biobb-pytorch", 1.9, against("L", "biobb-pytorch"), reason=PRODUCTS),
    Target("size L, against Keras `fit`", 1.35, against("L", "Keras fit"), reason=PRODUCTS),
    Target("size XL, `n_decoded=1` against the full sum", 3, n_decoded, reason=PRODUCTS),
    Target("size S, 8 restarts against one", 3, restarts("S"), False, RESTARTS),
    Target("size M, 8 restarts against one", 8, restarts("M"), False),
    Target(
        'preset "robust" to the paper\'s score, times sooner',
        60, answer("robust", "reached, share"), reason=f"{COMPILING}; {WITH_KINETICS}",
        shown="{:.0f}",
    ),
    Target(
        "the same, compiling apart",
        60, answer("robust", "without compiling, share"), reason=WITH_KINETICS, shown="{:.0f}",
    ),
    Target(
        '"paper" with `lr=3e-3`, `batch_size=1000`, cosine, 20 epochs',
        60, answer(FAST, "reached, share"), reason=COMPILING, shown="{:.0f}",
    ),
    Target(
        "the same, compiling apart",
        60, answer(FAST, "without compiling, share"), shown="{:.0f}",
    ),
    Target("1,000 distances, times reading", 1.2, features("1,000 distances"), False),
    Target(
        "the same, nearest images",
        1.35, features("1,000 distances, minimum image"), False,
    ),
    Target("426 dihedrals, times reading", 1.2, features("phi and psi"), False),
    Target("all pairs of CA, times reading", 1.5, features("all pairs of CA"), False),
    Target(
        "`mdgmvae --help`, seconds of processor time", 0.5, start("`mdgmvae --help`"), False
    ),
)  # fmt: skip


def table(sections: Sections) -> str:
    """The Markdown of all targets."""
    lines = ["## What was wanted", "", "| | wanted | measured | |", "|---|--:|--:|---|"]
    return "\n".join([*lines, *(target.row(sections) for target in TARGETS)])
