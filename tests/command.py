"""Run the command mdgmvae in processes in which the libraries are already loaded.

A new Python process takes seconds to import TensorFlow, and a first training takes seconds to build
its graph. So one process runs all commands that end by themselves, one after the other. It is
forked from a process that has imported the libraries and done nothing else.
"""

import atexit
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path

from mdgmvae.data import alanine_dipeptide

TOPOLOGY, (TRAJECTORY,) = alanine_dipeptide()
#: Options for a training that takes about a second.
FAST = [
    *("-k", "3", "--n_epochs", "3", "--n_init", "1", "--no-refit"),
    *("--seed", "0", "--threads", "1"),
]
#: Files and folders that a run writes into its folder.
RESULTS = {
    *("model", "labels.npz", "features.npy", "features.json", "history.csv", "free_energy.png"),
    *("states", "states.csv", "judgement.json", "report.html"),
}
LIBRARIES = [
    *("mdgmvae.cli.main", "mdgmvae.cli.commands.assign", "mdgmvae.cli.commands.run"),
    *("mdgmvae.analysis.gmvae_analysis", "mdgmvae.assignment.trajectory_model"),
    *("mdgmvae.annotation.state_files", "mdgmvae.annotation.h5md"),
    *("mdgmvae.training.loop", "mdgmvae.network.inference", "mdgmvae.plot.landscape"),
    *("mdgmvae.states.description", "mdgmvae.states.judgement", "mdgmvae.featurizers"),
    *("deeptime.decomposition", "deeptime.markov", "sklearn.neural_network", "matplotlib.pyplot"),
]
_processes = multiprocessing.get_context("forkserver")


def start_server():
    """Start the process that has the libraries loaded, unless it runs; return its context."""
    _processes.set_forkserver_preload(LIBRARIES)
    forkserver.ensure_running()
    return _processes


def call(*arguments, cwd, code=0, new=False):
    """Run the command and check its exit code; with `new`, in a new Python process."""
    words = list(map(str, arguments))
    if new:
        command = [sys.executable, "-m", "mdgmvae", *words]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    else:
        done = run_command(words, cwd)
    assert done.returncode == code, done.stderr
    return done


def fails(*arguments, cwd):
    """Return the error line for wrong input, and check that no files are left behind."""
    files = _files(cwd)
    done = call(*arguments, cwd=cwd, code=2)
    lines = [line for line in done.stderr.splitlines() if "warning:" not in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("mdgmvae: error: ")
    assert done.stdout == ""
    assert _files(cwd) == files
    return lines[0]


def _files(folder):
    """Return the files of a folder, without the indices that MDAnalysis writes."""
    return {name for name in os.listdir(folder) if "_offsets." not in name}


def run_command(
    arguments: Sequence[str], cwd: Path, seconds: float = 300
) -> subprocess.CompletedProcess:
    """Run the command, and return what `subprocess.run` would return."""
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("stdout", "stderr")]
        code = _Runner.current().run(list(arguments), str(cwd), files, seconds)
        stdout, stderr = (Path(path).read_text(encoding="utf-8") for path in files)
    return subprocess.CompletedProcess(arguments, code, stdout, stderr)


def start(*arguments, cwd):
    """Start the command in a process of its own that can be interrupted.

    Returns the process, and the files of its standard output and standard error in `cwd`'s parent.
    """
    files = [Path(f"{cwd}.{name}") for name in ("stdout", "stderr")]
    words = list(map(str, arguments))
    process = start_server().Process(target=_run_once, args=(words, str(cwd), *map(str, files)))
    process.start()
    return process, *files


class _Runner:
    """A process that runs commands one after the other."""

    _current: "_Runner | None" = None

    def __init__(self) -> None:
        processes = start_server()
        self._commands, theirs = processes.Pipe()
        self._process = processes.Process(target=_serve, args=(theirs,))
        self._process.start()
        theirs.close()
        # Not a daemon, which could not have worker processes.
        atexit.register(self._process.kill)

    @classmethod
    def current(cls) -> "_Runner":
        """Return the running process, or start one."""
        if cls._current is None or not cls._current._process.is_alive():
            cls._current = cls()
        return cls._current

    def run(self, arguments: list[str], cwd: str, files: list[str], seconds: float) -> int:
        self._commands.send((arguments, cwd, *files))
        if not self._commands.poll(seconds):
            self._process.kill()
            self._process.join()
            raise subprocess.TimeoutExpired(arguments, seconds)
        try:
            return self._commands.recv()
        except EOFError:
            self._process.join()
            return self._process.exitcode


def _serve(commands: Connection) -> None:
    while True:
        try:
            command = commands.recv()
        except EOFError:
            return
        commands.send(_run(*command))


def _run_once(*command: str) -> None:
    sys.exit(_run(*command))


def _run(arguments: list[str], cwd: str, stdout: str, stderr: str) -> int:
    from mdgmvae.cli.main import main

    os.chdir(cwd)
    sys.stdin = open(os.devnull)  # noqa: SIM115
    for number, path in ((1, stdout), (2, stderr)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    sys.stdout, sys.stderr = (
        open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        for number in (1, 2)
    )
    # No command may see what an earlier one has set up.
    logging.root.handlers.clear()
    with warnings.catch_warnings():
        try:
            return main(arguments)
        except SystemExit as exit:  # argparse
            return exit.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
