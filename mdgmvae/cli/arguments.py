"""Groups of options that several commands share."""

from __future__ import annotations

import argparse
from typing import Any

from .. import presets
from ..training.distribution import STRATEGIES
from ..trajectory.on_bad_frames import CHOICES, ERROR
from .grammar import kelvin, name, number, picoseconds, time_of_frame, whole, widths


def add_trajectory(parser: argparse.ArgumentParser) -> None:
    """Add the topology and the trajectories, with their formats."""
    parser.add_argument(
        "topology", metavar="TOPOLOGY", help="any topology file that MDAnalysis reads"
    )
    parser.add_argument(
        "trajectories",
        metavar="TRAJECTORY",
        nargs="+",
        help="one or more files, read in this order as one trajectory; give a PDB file with "
        "several models as TOPOLOGY and as TRAJECTORY",
    )
    add_formats(parser)


def add_formats(parser: argparse.ArgumentParser) -> None:
    """Add the formats and time steps of files that do not contain them."""
    group = parser.add_argument_group("formats and times that the files do not contain")
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
        help="format as MDAnalysis calls it, if the suffix does not show it: DATA, PDB, ...",
    )
    group.add_argument(
        "--trajectory_format",
        metavar="FORMAT",
        help="the same for all trajectories: LAMMPS (a DCD file by LAMMPS), LAMMPSDUMP, MDCRD, ...",
    )


def add_featurizer(parser: argparse.ArgumentParser) -> None:
    """Add the atoms and their features."""
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


def add_frames(parser: argparse.ArgumentParser, backend: bool = True) -> None:
    """Add the choice of frames, and how they are read."""
    group = parser.add_argument_group("frames")
    for bound, text in (
        ("start", "first frame to read"),
        ("stop", "frame to stop at, which is not read"),
        ("step", "read every N-th frame"),
    ):
        group.add_argument(f"--{bound}", type=whole, metavar="N", help=text)
    group.add_argument(
        "--start_time",
        type=time_of_frame,
        metavar="PS",
        help="leave out the frames of each file before this time, the equilibration",
    )
    group.add_argument(
        "--on_bad_frames",
        default=ERROR,
        choices=CHOICES,
        help="frames that cannot be read, or have impossible coordinates: stop with an "
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
    group.add_argument("--n_workers", type=whole, metavar="N", help="number of processes")
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="compute on a dask.distributed cluster: tcp://HOST:PORT, or a scheduler file",
    )


def add_model(parser: argparse.ArgumentParser, preset: str, seed: int | None = None) -> None:
    """Add the training and its hyperparameters."""
    group = parser.add_argument_group("training")
    group.add_argument(
        "--preset",
        default=preset,
        choices=sorted(presets.PRESETS),
        help=f"set of hyperparameters to start from (default: {preset})",
    )
    group.add_argument(
        "--seed",
        type=whole,
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
        + "; ".join(f"{kind}: {what}" for kind, what in STRATEGIES.items()),
    )
    group.add_argument(
        "--max_memory",
        metavar="SIZE",
        help="memory that features may take, such as 2GB (default: 512 MiB)",
    )
    add_computing(group)
    group = parser.add_argument_group(
        "hyperparameters", f"Values that are not given are those of --preset (here: {preset})."
    )
    add_lag_time(group)
    values = presets.PRESETS[preset].to_dict()
    for option, rule in presets.RULES.items():
        flags = ["-k", "--k"] if option == "k" else [f"--{option}"]
        group.add_argument(*flags, dest=option, **_value(rule, values[option]))


def _value(rule: presets.Rule, default: Any) -> dict[str, Any]:
    """Return how argparse reads a hyperparameter; its value is checked with all others."""
    meaning = rule.help.replace("%", "%%")  # argparse formats it
    options: dict[str, Any] = {
        "default": argparse.SUPPRESS,
        "help": f"{meaning} (default: {_shown(default)})",
    }
    if default is None and rule.kind != "choice":
        options["help"] = meaning
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


def add_computing(group: Any) -> None:
    """Add the device and the threads."""
    group.add_argument(
        "--device", default="auto", metavar="DEVICE", help="auto, cpu, gpu:0, ... (default: auto)"
    )
    group.add_argument(
        "--threads", type=whole, metavar="N", help="number of processor threads of TensorFlow"
    )


def add_lag_time(group: Any) -> None:
    """Add the lag time."""
    group.add_argument(
        "--lag_time",
        type=number,
        metavar="PS",
        help="lag time in ps, instead of --lag in frames",
    )


def add_output(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Add the folder for the results."""
    parser.add_argument(
        "-o",
        "--out",
        type=name,
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


def add_states(parser: argparse.ArgumentParser) -> None:
    """Add the atoms written for each state."""
    parser.add_argument(
        "--states",
        choices=("analysed", "all", "none"),
        default="analysed",
        help="atoms of the trajectories in states/: the analysed ones, all of the topology, or "
        "none for representative structures only (default: analysed)",
    )


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add whether to write a report."""
    parser.add_argument(
        "--no-report",
        dest="report",
        action="store_false",
        help="do not write report.html, a page that shows the results",
    )
    # The words of the command and its warnings, which `main` collects for the report.
    parser.set_defaults(words=[], warned=[])


def add_file(parser: argparse.ArgumentParser, metavar: str, text: str) -> None:
    """Add the file for the result."""
    parser.add_argument("-o", "--out", type=name, required=True, metavar=metavar, help=text)


def add_general(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command."""
    group = parser.add_argument_group("messages")
    group.add_argument(
        "--verbose",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show progress and messages on standard error (default: progress on a terminal only)",
    )
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
