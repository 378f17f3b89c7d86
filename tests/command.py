"""The command mdgmvae in processes of its own, that come with the libraries loaded.

A new process takes seconds to load TensorFlow before it says anything. These are forked from one
that has loaded the libraries and done nothing else.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

LIBRARIES = [
    *("mdgmvae.cli.main", "mdgmvae.cli.commands", "mdgmvae.analysis", "mdgmvae.annotation.attach"),
    *("mdgmvae.training.loop", "mdgmvae.network.inference", "mdgmvae.plot.landscape"),
    *(
        "mdgmvae.states.description",
        "mdgmvae.states.judgement",
        "mdgmvae.featurizers",
        "deeptime.decomposition",
        "deeptime.markov",
    ),
    *("sklearn.neural_network", "matplotlib.pyplot"),
]
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(LIBRARIES)


def run_command(
    arguments: Sequence[str], cwd: Path, seconds: float = 300
) -> subprocess.CompletedProcess:
    """What `subprocess.run` of the command gives."""
    with tempfile.TemporaryDirectory() as folder:
        said = [os.path.join(folder, name) for name in ("stdout", "stderr")]
        process = _processes.Process(target=_run, args=(list(arguments), str(cwd), *said))
        process.start()
        process.join(seconds)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, seconds)
        stdout, stderr = (Path(path).read_text(encoding="utf-8") for path in said)
    return subprocess.CompletedProcess(arguments, process.exitcode, stdout, stderr)


def _run(arguments: list[str], cwd: str, stdout: str, stderr: str) -> None:
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
    sys.exit(main(arguments))
