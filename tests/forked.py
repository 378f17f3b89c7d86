"""Run scripts in separate processes in which the libraries are already loaded (see `command`).

A new Python process takes seconds to import TensorFlow. These are forked from one that has imported
the libraries and done nothing else. Its hash seed is not that of the process of the tests.
"""

import os
import textwrap
import traceback
from pathlib import Path

from command import start_server


def run_script(script: str, cwd: Path, seconds: float = 300) -> None:
    """Run a script in a separate process, and fail if the script fails."""
    processes = start_server()
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=_run, args=(sender, textwrap.dedent(script), str(cwd)))
    process.start()
    sender.close()
    try:
        error = receiver.recv() if receiver.poll(seconds) else "timed out"
    except EOFError:
        error = "the process ended without a result"
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
