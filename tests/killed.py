"""Kill commands at random moments, and compare what they leave with what they should.

`benchmarks/reliability/kills.py` does the same more often. The commands run in processes that are
forked from one with all libraries loaded (see `command`).
"""

import hashlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from command import FAST, TOPOLOGY, TRAJECTORY, _run, start_server

from mdgmvae import FeatureSet

FEATURIZE = ["featurize", TOPOLOGY, TRAJECTORY, "-o", "x.npy"]
TRAIN = ["train", "--traj_file", "../five.npy", "--n_z", "2", *FAST, "--overwrite", "-o", "out"]
#: So many frames that it takes a moment to write them.
RUN = [
    *("run", TOPOLOGY, TRAJECTORY, "--stop", "3000", "--features", "dihedrals", *FAST),
    *("--overwrite", "-o", "out"),
]


@dataclass
class Count:
    """What was found after kills.

    Parameters
    ----------
    old, new, finished : int
        Kills after which the old and the new results were found, and processes that had ended
        before they were to be killed.
    """

    old: int = 0
    new: int = 0
    finished: int = 0
    seconds: list[float] = field(default_factory=list)


def start(words: list[str], cwd: Path):
    """Start a command; a training saves a checkpoint after each epoch."""
    files = [f"{cwd}.stdout", f"{cwd}.stderr"]
    process = start_server().Process(target=_serve, args=(words, str(cwd), *files))
    process.start()
    return process


def _serve(*command) -> None:
    from mdgmvae.training import checkpoint

    checkpoint.INTERVAL = 0.0
    sys.exit(_run(*command))


def finish(words: list[str], cwd: Path) -> float:
    """Run a command to its end; return the seconds that it took."""
    began = time.monotonic()
    process = start(words, cwd)
    process.join(600)
    assert process.exitcode == 0, Path(f"{cwd}.stderr").read_text()
    return time.monotonic() - began


def kill(words: list[str], cwd: Path, seconds: float, sign: Path | None = None) -> bool:
    """Start a command and kill it, so many seconds after it began or a file appeared.

    Returns whether it was killed before it had ended.
    """
    process = start(words, cwd)
    while sign is not None and not sign.exists() and process.is_alive():
        time.sleep(0.002)
    process.join(seconds)
    if process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL), Path(f"{cwd}.stderr").read_text()
    return process.exitcode != 0


def digest(folder: Path) -> str:
    """Return a digest of the names and contents of all files in a folder."""
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def features_in(cwd: Path) -> str:
    """Return a digest of features, of which values and description belong together."""
    features = FeatureSet.load(cwd / "x.npy")
    assert len(features.frames) == len(features.values)
    found = hashlib.sha256(np.ascontiguousarray(features.values).tobytes())
    return found.hexdigest() + str(features.frames.tolist())


def old_or_new(
    cwd: Path,
    variants: list[list[str]],
    look: Callable[[Path], str],
    n: int,
    random: Random,
    sign: str | None = None,
) -> Count:
    """Let two commands overwrite each other's output and kill them at random moments.

    Parameters
    ----------
    cwd : Path
        Where to work.
    variants : list of list of str
        The two commands.
    look : callable
        Returns what identifies the results in a folder; raises an error if they are mixed.
    n : int
        Number of kills.
    random : Random
    sign : str, optional
        Half of the kills come shortly after this file has appeared, which is the most dangerous
        time.
    """
    count, expected = Count(), []
    for words in variants:
        count.seconds.append(finish(words, cwd))
        expected.append(look(cwd))
    assert expected[0] != expected[1]
    current = 1
    while count.old + count.new < n:
        other = 1 - current
        late = sign is not None and random.random() < 0.5
        longest = 0.3 if late else count.seconds[other]
        killed = kill(
            variants[other], cwd, random.uniform(0, longest), cwd / sign if late else None
        )
        found = look(cwd)
        assert found in (expected if killed else expected[other])
        if not killed:
            count.finished += 1
        elif found == expected[current]:
            count.old += 1
        else:
            count.new += 1
        current = expected.index(found)
    # The next one is not refused, and leaves nothing hidden behind.
    finish(variants[0], cwd)
    assert look(cwd) == expected[0]
    assert not [p.name for p in cwd.iterdir() if p.name.startswith(".")]
    return count


def resumed(cwd: Path, n: int, random: Random) -> int:
    """Kill a training with a checkpoint again and again; return how often it was killed.

    Each time, it is continued to the end, and its files have the bits of one without a kill.
    """
    words = [*TRAIN, "--preset", "robust", "--refit"]
    began = finish(words, cwd)
    expected = digest(cwd / "out")
    words = [*words, "--checkpoint", "state.npz"]
    kills = 0
    while kills < n:
        shutil.rmtree(cwd / "out")
        # Shortly after the first epoch, and at any moment of the continued training.
        kills += kill(words, cwd, random.uniform(0, began / 4), cwd / "state.npz")
        kills += kill(words, cwd, random.uniform(0, began))
        finish(words, cwd)
        assert digest(cwd / "out") == expected
        (cwd / "state.npz").unlink()
    return kills
