"""The command mdgmvae: its options, exit codes and error lines.

Nothing heavy is imported here, so that ``mdgmvae --help`` answers at once; what a command does
is in `commands`.
"""

from __future__ import annotations

import argparse
import errno
import logging
import math
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from .. import presets
from .._version import __version__
from ..errors import MDGMVAEError, TopologyWarning
from ..training.distribution import STRATEGIES

DONE, OUR_FAULT, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Returns
    -------
    int
        0 done; 2 wrong usage or input; 1 a fault of mdgmvae; 130 interrupted.
    """
    _open_streams()
    options = _parser().parse_args(arguments)
    _set_up_messages(options.verbose)
    if not getattr(options, "allow_long_bonds", False):
        warnings.simplefilter("error", TopologyWarning)
    try:
        with _terminated_like_interrupted():
            from . import commands

            with commands.cluster_of(options):
                text = getattr(commands, options.command)(options)
        if text:
            print(text, flush=True)
    except BrokenPipeError:
        # Whoever read the table has seen enough of it; the files are written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except TopologyWarning as error:
        text = f"{_one_line(error)}, or --allow_long_bonds if they are right"
        return _fail(options, error, text, WRONG_INPUT)
    except MDGMVAEError as error:
        return _fail(options, error, _one_line(error), WRONG_INPUT)
    except OSError as error:
        return _fail(options, error, *_system_error(error))
    except MemoryError as error:
        text = "not enough memory; use smaller layers, a smaller batch_size or fewer features"
        return _fail(options, error, text, WRONG_INPUT)
    except KeyboardInterrupt as error:
        return _fail(options, error, _interrupted(options), INTERRUPTED)
    except Exception as error:
        return _fail(options, error, _bug(error), OUR_FAULT)
    return DONE


def _fail(options: argparse.Namespace, error: BaseException, text: str, code: int) -> int:
    if options.debug:
        traceback.print_exception(error)
    print(f"mdgmvae: error: {text}", file=sys.stderr)
    return code


def _open_streams() -> None:
    """Make sure that there is somewhere to write to, and that any character can be written."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM, by which queues end a job, tidy up as Ctrl-C does."""

    def interrupt(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupted(options: argparse.Namespace) -> str:
    checkpoint = getattr(options, "checkpoint", None)
    if checkpoint and os.path.exists(checkpoint):
        return f"interrupted; the same command goes on from {checkpoint}"
    return "interrupted; nothing was written"


def _system_error(error: OSError) -> tuple[str, int]:
    """What to say of an error of the operating system, and the exit code."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{error.strerror}: there is no room for the results; choose another -o", WRONG_INPUT
    if error.filename is None:
        return _bug(error), OUR_FAULT
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}; check the path and its permissions", WRONG_INPUT


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _bug(error: BaseException) -> str:
    return (
        f"this is a fault of mdgmvae {__version__} ({type(error).__name__}: {_one_line(error)}); "
        "please report it on the project's issue tracker, with the output of the same command "
        "and --debug"
    )


def _set_up_messages(verbose: bool | None) -> None:
    """Warnings are one line each; what the library logs is shown when asked for."""

    def show(
        message: Warning | str, category: type[Warning], filename: str, *_: Any, **__: Any
    ) -> None:
        if issubclass(category, DeprecationWarning):
            # Of one library to another: nothing that a user of the command can act on.
            logging.getLogger(__name__).info("%s", message)
            return
        origin = "MDAnalysis: " if "MDAnalysis" in filename else ""
        print(f"mdgmvae: warning: {origin}{' '.join(str(message).split())}", file=sys.stderr)

    warnings.showwarning = show
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="mdgmvae: %(message)s", stream=sys.stderr)
    logging.getLogger("MDAnalysis").setLevel(logging.WARNING)
    # What it says of workers and schedulers that are gone is said again, in a line.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # It warns at import that AMBER files would be written slowly; none is.
    logging.getLogger("MDAnalysis.coordinates.AMBER").setLevel(logging.ERROR)


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one line, as every other error is."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_INPUT, f"mdgmvae: error: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="mdgmvae",
        description="States and free-energy landscapes from molecular-dynamics trajectories.",
    )
    parser.add_argument("--version", action="version", version=f"mdgmvae {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_run, _featurize, _train, _assign, _annotate, _demo):
        _general(add(commands))
    return parser


def _run(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "run", help="trajectory in, states learnt, annotated trajectory out"
    )
    _trajectory(parser)
    _featurizer(parser)
    _frames(parser)
    _model(parser, "robust")
    _lag_time(parser)
    _temperature(parser)
    _states(parser)
    _folder(parser)
    return parser


def _featurize(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser("featurize", help="compute features into an .npy file")
    _trajectory(parser)
    _featurizer(parser)
    _frames(parser)
    parser.add_argument("-o", "--out", required=True, metavar="FEATURES.npy")
    return parser


def _train(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser("train", help="learn the states of a feature file")
    parser.add_argument(
        "--traj_file", required=True, metavar="FEATURES.npy", help="rows are frames"
    )
    _model(parser, "paper")
    _temperature(parser)
    _folder(parser)
    return parser


def _assign(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser("assign", help="label other frames with a trained model")
    parser.add_argument("model", metavar="MODEL", help="folder that run or train wrote")
    parser.add_argument("topology", metavar="TOPOLOGY", help="topology, or FEATURES.npy alone")
    parser.add_argument("trajectories", metavar="TRAJECTORY", nargs="*")
    _frames(parser)
    _computing(parser)
    parser.add_argument("-o", "--out", required=True, metavar="LABELS.npz")
    return parser


def _annotate(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser("annotate", help="write labels into files other tools read")
    parser.add_argument("labels", metavar="LABELS.npz", help="that run, train or assign wrote")
    _trajectory(parser)
    parser.add_argument("--select", help="atoms to write (default: all)")
    parser.add_argument(
        "--format",
        required=True,
        choices=("pdb", "h5md", "states"),
        help="pdb: state in the B column; h5md: mdgmvae/state; states: one trajectory a state",
    )
    parser.add_argument("-o", "--out", required=True, help="file, or folder for states")
    parser.add_argument("--overwrite", action="store_true", help="allow a folder with files in it")
    return parser


def _demo(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser("demo", help="the whole way on the embedded alanine dipeptide")
    parser.set_defaults(
        select=None, features="dihedrals", start=None, stop=None, step=None, backend="serial",
        n_workers=None,
    )  # fmt: skip
    _model(parser, "robust", seed=0)
    _lag_time(parser)
    _temperature(parser)
    _states(parser)
    _folder(parser, "mdgmvae-demo")
    return parser


def _trajectory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("topology", metavar="TOPOLOGY", help="any topology MDAnalysis reads")
    parser.add_argument(
        "trajectories",
        metavar="TRAJECTORY",
        nargs="+",
        help="one or more files, in order, as one trajectory",
    )


def _featurizer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--select", help="atoms in MDAnalysis' language (default: protein)")
    parser.add_argument(
        "--features",
        default="dihedrals",
        metavar="F[,F...]|FILE.json",
        help="dihedrals, distances, positions, ..., several with commas, or a featurizer as JSON",
    )


def _frames(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("frames")
    for name, text in (
        ("start", "first frame"),
        ("stop", "frame before which to stop"),
        ("step", "take every so many"),
    ):
        group.add_argument(f"--{name}", type=int, metavar="N", help=text)
    group.add_argument(
        "--backend",
        default="serial",
        choices=("serial", "multiprocessing", "dask"),
        help="where features are computed (default: serial)",
    )
    group.add_argument(
        "--allow_long_bonds",
        action="store_true",
        help="go on where bond lengths say that the topology has another order of atoms",
    )
    group.add_argument("--n_workers", type=int, metavar="N", help="processes of the backend")
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run on the dask.distributed cluster of tcp://HOST:PORT, or of a scheduler file",
    )


def _model(parser: argparse.ArgumentParser, preset: str, seed: int | None = None) -> None:
    group = parser.add_argument_group("model", f"Defaults are those of the preset ({preset}).")
    group.add_argument("--preset", default=preset, choices=sorted(presets.PRESETS))
    group.add_argument("--seed", type=int, default=seed, help="same seed, same result")
    group.add_argument(
        "--checkpoint", metavar="FILE.npz", help="go on from here after an interruption"
    )
    group.add_argument(
        "--strategy",
        choices=tuple(STRATEGIES),
        help="share the training: "
        + "; ".join(f"{name}, {what}" for name, what in STRATEGIES.items()),
    )
    group.add_argument(
        "--max_memory",
        metavar="SIZE",
        help="memory that features may take, such as 2GB (default: 512 MiB)",
    )
    for name, what in presets.RULES.items():
        flags = ["-k", "--k"] if name == "k" else [f"--{name}"]
        group.add_argument(*flags, dest=name, **_value(what))
    _computing(parser)


def _value(what: presets.Rule) -> dict[str, Any]:
    """How argparse reads a hyperparameter; what it may be is checked with all others."""
    options: dict[str, Any] = {"default": argparse.SUPPRESS, "help": what.help}
    if what.kind == "bool":
        return {**options, "action": argparse.BooleanOptionalAction}
    if what.kind == "choice":
        names = [str(choice).lower() for choice in what.choices]
        return {**options, "choices": names}
    if what.kind == "dims":
        return {**options, "nargs": "+", "type": _widths, "metavar": "WIDTH"}
    return {**options, "type": _number, "metavar": "N" if what.kind == "int" else "X"}


def _widths(text: str) -> list[int]:
    """One or more widths: "64" or "64,32"."""
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no layer width") from error


def _number(text: str) -> float | int | None:
    if text.lower() == "none":
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error


def hyperparameters(options: argparse.Namespace) -> dict[str, Any]:
    """The hyperparameters that were given on the command line."""
    given = {}
    for name, what in presets.RULES.items():
        if not hasattr(options, name):
            continue
        value = getattr(options, name)
        if what.kind == "dims":
            value = tuple(width for widths in value for width in widths)
        elif what.kind == "choice" and value == "none":
            value = None
        given[name] = value
    return given


def _computing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu, gpu:0, ... (default: auto)")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads of TensorFlow")


def _lag_time(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lag_time",
        type=_number,
        metavar="PS",
        help="the lag in ps, instead of --lag in rows (default: 5 rows with preset robust)",
    )


def _temperature(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--temperature",
        type=_kelvin,
        metavar="K",
        help="of the simulation: free_energy.png is then in kJ/mol (default: in kT)",
    )


def _kelvin(text: str) -> float:
    value = _number(text)
    if value is None or not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no temperature; give kelvin above 0")
    return float(value)


def _states(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--states_select", default="all", metavar="SEL", help="atoms written to states/"
    )


def _folder(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    parser.add_argument(
        "-o",
        "--out",
        metavar="DIR",
        default=default,
        required=default is None,
        help="folder for the results" + (f" (default: {default})" if default else ""),
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the results in a folder that has some"
    )


def _general(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verbose",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="progress and messages on standard error (default: progress on a terminal only)",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
