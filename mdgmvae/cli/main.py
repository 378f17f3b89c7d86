"""Run the command mdgmvae: exit codes, errors and warnings.

Nothing heavy is imported here, so that ``mdgmvae --help`` answers at once. The options are in
`parser` and the commands in `commands`.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

from .._version import __version__
from ..checks import as_path
from ..errors import MDGMVAEError, TopologyWarning, printable
from .grammar import WRONG_INPUT
from .parser import make_parser

DONE, OUR_FAULT, INTERRUPTED = 0, 1, 130
#: MDAnalysis assumes 1 ps in this case, but here such times are unknown. Users cannot act on this,
#: nor on a DeprecationWarning, which is addressed to developers.
_NOT_FOR_USERS = "Reader has no dt information"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after "mdgmvae"; by default those of this process.

    Returns
    -------
    int
        0 done; 2 wrong usage or input; 1 a fault of mdgmvae; 130 interrupted.
    """
    _open_streams()
    options = make_parser().parse_args(arguments)
    options.words = list(sys.argv[1:] if arguments is None else arguments)
    options.warned = _set_up_messages(options.verbose)
    if not getattr(options, "allow_long_bonds", False):
        warnings.simplefilter("error", TopologyWarning)
    try:
        with _terminated_like_interrupted():
            text = _command(options.command)(options)
        if text:
            print(text, flush=True)
    except BrokenPipeError:
        # The reader of standard output has closed it. The files have been written by now.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except TopologyWarning as error:
        text = f"{_one_line(error)}, or pass --allow_long_bonds if such bonds are correct"
        return _fail(options, error, text, WRONG_INPUT)
    except MDGMVAEError as error:
        return _fail(options, error, _one_line(error), WRONG_INPUT)
    except OSError as error:
        return _fail(options, error, *_system_error(error))
    except MemoryError as error:
        text = "not enough memory; use fewer features or, in a training, a smaller --max_memory"
        return _fail(options, error, text, WRONG_INPUT)
    except KeyboardInterrupt as error:
        return _fail(options, error, _interrupted(options, error), INTERRUPTED)
    except Exception as error:
        return _fail(options, error, _bug(error), OUR_FAULT)
    return DONE


def _command(name: str) -> Callable[[argparse.Namespace], str]:
    """Import the function of a command; its module has the same name."""
    module = import_module(f".commands.{name}", __package__)
    command: Callable[[argparse.Namespace], str] = getattr(module, name)
    return command


def _fail(options: argparse.Namespace, error: BaseException, text: str, code: int) -> int:
    if options.debug:
        traceback.print_exception(error)
    print(f"mdgmvae: error: {_printable(text)}", file=sys.stderr)
    return code


def _printable(text: str) -> str:
    """Return a message in one line; names of files may contain codes that control a terminal."""
    return "".join(
        character if character.isprintable() else repr(character)[1:-1]
        for character in " ".join(text.split())
    )


def _open_streams() -> None:
    """Make standard output and error exist and accept any character."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Clean up as on Ctrl-C on SIGTERM, which queueing systems send, and if the terminal closes.

    Raises
    ------
    KeyboardInterrupt
        Also instead of another error, which a module raises if its import is interrupted.
    """
    interrupts = []

    def interrupt(number: int, _: Any) -> NoReturn:
        interrupts.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # The terminal of a command that was started with nohup may close.
    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None))
        if number is not None and signal.getsignal(number) != signal.SIG_IGN
    ]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    except Exception as error:
        if interrupts:
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupted(options: argparse.Namespace, error: KeyboardInterrupt) -> str:
    if str(error):
        return f"interrupted; {error}"
    checkpoint = getattr(options, "checkpoint", None)
    if checkpoint and as_path(checkpoint).exists():
        return f"interrupted; run the same command again to continue from {checkpoint}"
    return "interrupted; nothing was written"


def _system_error(error: OSError) -> tuple[str, int]:
    """Return the message and the exit code for an error of the operating system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{error.strerror}: there is no room for the results; choose another -o", WRONG_INPUT
    if error.filename is None:
        return _bug(error), OUR_FAULT
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}; check the path and its permissions", WRONG_INPUT


def _one_line(error: BaseException | str) -> str:
    return printable(" ".join(str(error).split()))


def _bug(error: BaseException) -> str:
    return (
        f"this is a fault of mdgmvae {__version__} ({type(error).__name__}: {_one_line(error)}); "
        "please report it on the project's issue tracker, with the output of the same command "
        "and --debug"
    )


def _set_up_messages(verbose: bool | None) -> list[str]:
    """Show each warning as one line, and log messages only with --verbose.

    Returns the list of the warnings, to which those to come are added.
    """
    warned: list[str] = []

    def show(
        message: Warning | str, category: type[Warning], filename: str, *_: Any, **__: Any
    ) -> None:
        if issubclass(category, DeprecationWarning) or str(message).startswith(_NOT_FOR_USERS):
            logging.getLogger(__name__).info("%s", message)
            return
        origin = "MDAnalysis: " if "MDAnalysis" in filename else ""
        warned.append(f"{origin}{_one_line(message)}")
        print(f"mdgmvae: warning: {warned[-1]}", file=sys.stderr)

    def log_unraisable(found: sys.UnraisableHookArgs) -> None:
        # A reader that could not open its file fails again when it is deleted.
        logging.getLogger(__name__).info("%s: %s", found.err_msg, found.exc_value)

    warnings.showwarning = show
    sys.unraisablehook = log_unraisable
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="mdgmvae: %(message)s", stream=sys.stderr)
    # What MDAnalysis logs as a warning or an error comes as a warning or an exception, too.
    logging.getLogger("MDAnalysis").setLevel(logging.WARNING if verbose else logging.CRITICAL + 1)
    # Lost workers and schedulers are reported by an error of ours, in one line.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # It warns at import that writing AMBER files is slow, but none are written. Its errors are
    # raised, too.
    logging.getLogger("MDAnalysis.coordinates.AMBER").setLevel(logging.CRITICAL)
    return warned
