"""Run contestants in turn, round by round, so that other programs slow all of them alike."""

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass
class Contestant:
    """A program that runs a round of training on demand (`worker.serve`).

    Parameters
    ----------
    name : str
    command : list of str
        The script in this folder, and its arguments.
    python : str
        The Python interpreter of its environment.
    """

    name: str
    command: list[str]
    python: str = sys.executable
    first_call: float = 0.0
    #: Frames per second of processor time, one value per round.
    rates: list[float] = field(default_factory=list)
    #: Frames per second of wall-clock time, one value per round.
    wall_rates: list[float] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def start(self) -> None:
        threads = {f"TF_NUM_{kind}_THREADS": "1" for kind in ("INTRAOP", "INTEROP")}
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
        # A file, because a pipe that nobody reads would fill up and block the process.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [self.python, self.command[0], *self.command[1:]],
            cwd=HERE,
            env={**os.environ, **threads, **quiet},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.first_call = float(self._answer("ready")[0])

    def round(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        n_frames, processor, wall = map(float, self._answer("round"))
        self.rates.append(n_frames / processor)
        self.wall_rates.append(n_frames / wall)

    def stop(self) -> None:
        if self._process is not None:
            self._process.communicate()

    def _answer(self, word: str) -> list[str]:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(word):
                return line.split()[1:]
        self._process.wait()
        self._errors.seek(0)
        raise RuntimeError(f"{self.name} stopped: {self._errors.read().strip().splitlines()[-1:]}")

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def hold(contestants: list[Contestant], n_rounds: int) -> None:
    """Let all contestants run `n_rounds` rounds, in turn."""
    started = []
    try:
        for contestant in contestants:
            started.append(contestant)
            contestant.start()
        for _ in range(n_rounds):
            for contestant in contestants:
                contestant.round()
    finally:
        for contestant in started:
            contestant.stop()


def quartiles(values: list[float]) -> tuple[float, float]:
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return low, high


def ratio(ours: Contestant, theirs: Contestant) -> tuple[float, float, float]:
    """Return the ratio of the medians, and the quartiles of the ratios in each round."""
    rounds = [a / b for a, b in zip(ours.rates, theirs.rates, strict=True)]
    return ours.rate / theirs.rate, *quartiles(rounds)
