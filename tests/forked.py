"""Scripts in processes of their own that have the libraries loaded (see `command`).

A new process takes seconds to load TensorFlow. These are forked from one that has loaded the
libraries and trained nothing. It is not the process of the tests: it orders sets in its own way.
"""

import multiprocessing
import os
import textwrap
import traceback
from pathlib import Path

import command  # noqa: F401  (says what the process that is forked from loads)

_context = multiprocessing.get_context("forkserver")


def run_script(script: str, cwd: Path, seconds: float = 300) -> None:
    """Run a script in a process of its own, and fail if it does."""
    receiver, sender = _context.Pipe(duplex=False)
    process = _context.Process(target=_run, args=(sender, textwrap.dedent(script), str(cwd)))
    process.start()
    sender.close()
    try:
        error = receiver.recv() if receiver.poll(seconds) else "timed out"
    except EOFError:
        error = "the process ended without an answer"
    process.join(10)
    if process.is_alive():
        process.kill()
        process.join()
    assert not error, error


def _run(sender, script, cwd):
    try:
        os.chdir(cwd)
        exec(script, {"__name__": "__main__"})
        sender.send("")
    except BaseException:
        sender.send(traceback.format_exc())
