"""The options of all commands.

Nothing heavy is imported here. To add a command, add a function to `_COMMANDS` and a module to
`commands`. Hyperparameters and output formats come from their tables (`presets.RULES`,
`annotation.writers.WRITERS`).
"""

from __future__ import annotations

import argparse
from typing import Any

from .. import presets
from .._version import __version__
from ..annotation.writers import KINDS, WRITERS
from ..training.distribution import STRATEGIES
from .grammar import CommandParser, MainParser, kelvin, number, picoseconds, widths


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the command mdgmvae."""
    parser = MainParser(
        prog="mdgmvae",
        description="Find metastable states and free-energy landscapes in molecular-dynamics "
        "trajectories.",
        epilog="The options of a command: mdgmvae COMMAND --help",
    )
    parser.add_argument("--version", action="version", version=f"mdgmvae {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    for add in _COMMANDS:
        _general(add(commands))
    return parser


def _run(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "run",
        "TOPOLOGY TRAJECTORY... -o DIR [options]",
        "learn the states of a trajectory",
        "Compute features of a trajectory, learn its metastable states, and write labels, "
        "figures, tables and representative structures to a folder.",
        "mdgmvae run protein.pdb run1.xtc run2.xtc -o results",
    )
    _trajectory(parser)
    _featurizer(parser)
    _frames(parser)
    _model(parser, "robust")
    _lag_time(parser)
    _output(parser)
    _states(parser)
    return parser


def _featurize(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "featurize",
        "TOPOLOGY TRAJECTORY... --features F -o FEATURES.npy [options]",
        "compute features into an .npy file",
        "Compute features of a trajectory and write them to an .npy file, with their names and "
        "units in a .json file beside it.",
        "mdgmvae featurize protein.pdb run1.xtc --features dihedrals -o features.npy",
    )
    _trajectory(parser)
    _featurizer(parser)
    _frames(parser)
    _file(parser, "FEATURES.npy", "file for the features; it is replaced")
    return parser


def _check(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "check",
        "TOPOLOGY TRAJECTORY... [options]",
        "tell whether input files are sound",
        "Read all frames and look for damaged files, coordinates that cannot be right, jumps in "
        "time, a topology with another order of atoms, and files given twice. What does not make "
        "results wrong is a warning; anything else is an error.",
        "mdgmvae check protein.pdb run1.xtc run2.xtc",
    )
    _trajectory(parser)
    _frames(parser, backend=False)
    return parser


def _train(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "train",
        "--traj_file FEATURES.npy -o DIR [options]",
        "learn the states of a file of features",
        "Learn the states of features that have been computed before.",
        "mdgmvae train --traj_file features.npy --k 5 -o results",
    )
    parser.add_argument(
        "--traj_file",
        required=True,
        metavar="FEATURES.npy",
        help="features of shape (n_frames, n_x)",
    )
    _model(parser, "paper")
    _output(parser)
    return parser


def _assign(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "assign",
        "MODEL TOPOLOGY TRAJECTORY... -o LABELS.npz [options]",
        "label other frames with a trained model",
        "Label the frames of another trajectory, or of a file of its features, with a model "
        "that has been trained before.",
        "mdgmvae assign results protein.pdb run3.xtc -o labels.npz",
    )
    parser.add_argument("model", metavar="MODEL", help="folder that run, demo or train wrote")
    parser.add_argument(
        "topology", metavar="TOPOLOGY", help="topology, or a FEATURES.npy without trajectories"
    )
    parser.add_argument(
        "trajectories", metavar="TRAJECTORY", nargs="*", help="one or more files, in order"
    )
    _formats(parser)
    _frames(parser)
    _computing(parser.add_argument_group("computing"))
    _file(parser, "LABELS.npz", "file for the labels; it is replaced")
    return parser


def _annotate(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "annotate",
        "LABELS.npz|DIR TOPOLOGY TRAJECTORY... --format FORMAT -o OUT [options]",
        "write labels into files that other tools read",
        "Write the labelled frames of a trajectory into files that other tools read.",
        "mdgmvae annotate results protein.pdb run1.xtc --format pdb -o states.pdb",
    )
    parser.add_argument(
        "labels", metavar="LABELS.npz|DIR", help="labels, or the folder of results with labels.npz"
    )
    _trajectory(parser)
    parser.add_argument("--select", metavar="SEL", help="atoms to write (default: all)")
    parser.add_argument(
        "--format",
        required=True,
        choices=tuple(WRITERS),
        help="; ".join(f"{name}: {writer.meaning}" for name, writer in WRITERS.items()),
    )
    parser.add_argument(
        "--of",
        choices=tuple(KINDS),
        default="states",
        help="write states, or the components that they consist of (default: states)",
    )
    _file(parser, "OUT", "file, or folder for --format states")
    parser.add_argument("--overwrite", action="store_true", help="allow a folder that is not empty")
    return parser


def _demo(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "demo",
        "[-o DIR] [options]",
        "the full pipeline on the embedded alanine dipeptide",
        "Do what `mdgmvae run` does, on a trajectory of alanine dipeptide that comes with mdgmvae.",
        "mdgmvae demo",
    )
    _model(parser, "robust", seed=0)
    _lag_time(parser)
    _output(parser, "mdgmvae-demo")
    _states(parser)
    return parser


_COMMANDS = (_run, _featurize, _train, _assign, _annotate, _check, _demo)


def _command(
    commands: Any, name: str, usage: str, summary: str, description: str, example: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        usage=f"mdgmvae {name} {usage}",
        help=summary,
        description=description,
        epilog=f"Example: {example}",
    )
    return parser


def _trajectory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "topology", metavar="TOPOLOGY", help="any topology file that MDAnalysis reads"
    )
    parser.add_argument(
        "trajectories",
        metavar="TRAJECTORY",
        nargs="+",
        help="one or more files, read in this order as one trajectory",
    )
    _formats(parser)


def _formats(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("files that do not say what they are")
    group.add_argument(
        "--dt",
        type=picoseconds,
        metavar="PS",
        help="time between frames in ps, for files without times (in a LAMMPS dump: time of one "
        "simulation step)",
    )
    group.add_argument(
        "--topology_format",
        metavar="FORMAT",
        help="format as MDAnalysis calls it, if the suffix does not tell: DATA, PDB, ...",
    )
    group.add_argument(
        "--trajectory_format",
        metavar="FORMAT",
        help="the same for all trajectories: LAMMPS (a DCD file by LAMMPS), LAMMPSDUMP, MDCRD, ...",
    )


def _featurizer(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("features")
    group.add_argument(
        "--select",
        metavar="SEL",
        help="atoms to analyse, in the selection language of MDAnalysis (default: protein)",
    )
    group.add_argument(
        "--features",
        default="dihedrals",
        metavar="F[,F...]|FILE.json",
        help="dihedrals, distances, positions, ..., several of them separated by commas, or a "
        "featurizer as JSON (default: dihedrals)",
    )


def _frames(parser: argparse.ArgumentParser, backend: bool = True) -> None:
    group = parser.add_argument_group("frames")
    for name, text in (
        ("start", "first frame to read"),
        ("stop", "first frame that is no longer read"),
        ("step", "read every N-th frame"),
    ):
        group.add_argument(f"--{name}", type=int, metavar="N", help=text)
    group.add_argument(
        "--on_bad_frames",
        default="error",
        choices=("error", "skip"),
        help="frames that cannot be read, or whose coordinates cannot be right: stop with an "
        "error, or leave them out with a warning (default: error)",
    )
    group.add_argument(
        "--allow_long_bonds",
        action="store_true",
        help="continue even if bond lengths suggest a different atom order",
    )
    if not backend:
        parser.set_defaults(backend="serial", n_workers=None, scheduler=None)
        return
    group.add_argument(
        "--backend",
        default="serial",
        choices=("serial", "multiprocessing", "dask"),
        help="where features are computed (default: serial)",
    )
    group.add_argument("--n_workers", type=int, metavar="N", help="number of processes")
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="compute on a dask.distributed cluster: tcp://HOST:PORT, or a scheduler file",
    )


def _model(parser: argparse.ArgumentParser, preset: str, seed: int | None = None) -> None:
    group = parser.add_argument_group("training")
    group.add_argument(
        "--preset",
        default=preset,
        choices=sorted(presets.PRESETS),
        help=f"set of hyperparameters to start from (default: {preset})",
    )
    group.add_argument(
        "--seed",
        type=int,
        default=seed,
        metavar="N",
        help="the same seed gives the same result (default: "
        + ("a random seed, which is printed)" if seed is None else f"{seed})"),
    )
    group.add_argument(
        "--checkpoint",
        metavar="FILE.npz",
        help="save the state of the training here, and continue from it after an interruption",
    )
    group.add_argument(
        "--strategy",
        choices=tuple(STRATEGIES),
        help="share the training: "
        + "; ".join(f"{name}: {what}" for name, what in STRATEGIES.items()),
    )
    group.add_argument(
        "--max_memory",
        metavar="SIZE",
        help="memory that features may take, such as 2GB (default: 512 MiB)",
    )
    _computing(group)
    group = parser.add_argument_group(
        "hyperparameters", f"Values that are not given are those of --preset (here: {preset})."
    )
    values = presets.PRESETS[preset].to_dict()
    for name, rule in presets.RULES.items():
        flags = ["-k", "--k"] if name == "k" else [f"--{name}"]
        group.add_argument(*flags, dest=name, **_value(rule, values[name]))


def _value(rule: presets.Rule, default: Any) -> dict[str, Any]:
    """Return how argparse reads a hyperparameter; its value is checked with all others."""
    options: dict[str, Any] = {
        "default": argparse.SUPPRESS,
        "help": f"{rule.help} (default: {_shown(default)})",
    }
    if default is None and rule.kind != "choice":
        options["help"] = rule.help
    if rule.kind == "bool":
        return {**options, "action": argparse.BooleanOptionalAction}
    if rule.kind == "choice":
        return {**options, "choices": [_shown(choice) for choice in rule.choices]}
    if rule.kind == "dims":
        return {**options, "nargs": "+", "type": widths, "metavar": "WIDTH"}
    return {**options, "type": number, "metavar": "N" if rule.kind == "int" else "X"}


def _shown(value: Any) -> str:
    """Write a value as it is typed on the command line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value).lower()


def _computing(group: Any) -> None:
    group.add_argument(
        "--device", default="auto", metavar="DEVICE", help="auto, cpu, gpu:0, ... (default: auto)"
    )
    group.add_argument(
        "--threads", type=int, metavar="N", help="number of processor threads of TensorFlow"
    )


def _lag_time(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lag_time",
        type=number,
        metavar="PS",
        help="lag time in ps, instead of --lag in frames",
    )


def _output(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    parser.add_argument(
        "-o",
        "--out",
        metavar="DIR",
        default=default,
        required=default is None,
        help="folder for the results" + (f" (default: {default})" if default else ""),
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace earlier results in a folder that is not empty; other files are kept",
    )
    parser.add_argument(
        "--temperature",
        type=kelvin,
        metavar="K",
        help="temperature of the simulation: free_energy.png is then in kJ/mol (default: in kT)",
    )


def _states(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--states",
        choices=("analysed", "all", "none"),
        default="analysed",
        help="atoms of the trajectories in states/: the analysed ones, all of the topology, or "
        "none for representative structures only (default: analysed)",
    )


def _file(parser: argparse.ArgumentParser, metavar: str, text: str) -> None:
    parser.add_argument("-o", "--out", required=True, metavar=metavar, help=text)


def _general(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("messages")
    group.add_argument(
        "--verbose",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show progress and messages on standard error (default: progress on a terminal only)",
    )
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
