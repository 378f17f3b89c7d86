"""The commands and their options.

Nothing heavy is imported here. To add a command, add a function to `_COMMANDS` and a module to
`commands`. Hyperparameters and output formats come from their tables (`presets.RULES`,
`annotation.writers.WRITERS`).
"""

from __future__ import annotations

import argparse
from typing import Any

from .._version import __version__
from ..annotation.writers import KINDS, WRITERS
from ..plot.figures import FIGURES
from .arguments import (
    add_computing,
    add_featurizer,
    add_file,
    add_formats,
    add_frames,
    add_general,
    add_lag_time,
    add_model,
    add_output,
    add_report,
    add_states,
    add_trajectory,
)
from .grammar import CommandParser, MainParser, components, kelvin, name, whole


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
        add_general(add(commands))
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
    add_trajectory(parser)
    add_featurizer(parser)
    add_frames(parser)
    add_model(parser, "robust")
    add_output(parser)
    add_states(parser)
    add_report(parser)
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
    add_trajectory(parser)
    add_featurizer(parser)
    add_frames(parser)
    add_file(parser, "FEATURES.npy", "file for the features; it is replaced")
    return parser


def _check(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "check",
        "TOPOLOGY TRAJECTORY... [options]",
        "report whether input files are sound",
        "Read all frames and look for damaged files, impossible coordinates, jumps in "
        "time, a topology with another order of atoms, and files given twice. Faults that "
        "would make results wrong are errors, others are warnings.",
        "mdgmvae check protein.pdb run1.xtc run2.xtc",
    )
    add_trajectory(parser)
    add_frames(parser, backend=False)
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
    add_model(parser, "paper")
    add_output(parser)
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
    add_formats(parser)
    add_frames(parser)
    add_computing(parser.add_argument_group("computing"))
    add_file(parser, "LABELS.npz", "file for the labels; it is replaced")
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
    add_trajectory(parser)
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
    add_file(parser, "OUT", "file, or folder for --format states")
    parser.add_argument("--overwrite", action="store_true", help="allow a folder that is not empty")
    return parser


def _report(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "report",
        "DIR [-o FILE.html]",
        "make a page of finished results",
        "Make one HTML page of the folder that run, demo or train wrote: the verdict, the states "
        "with turning structures, the landscape and the kinetics. It needs no network and can be "
        "sent as it is. An earlier page is replaced.",
        "mdgmvae report results",
    )
    parser.add_argument("folder", metavar="DIR", help="folder that run, demo or train wrote")
    parser.add_argument(
        "-o", "--out", type=name, metavar="FILE.html", help="the page (default: DIR/report.html)"
    )
    parser.add_argument(
        "--runs",
        nargs="+",
        metavar="DIR",
        default=(),
        help="folders of the same analysis with other seeds: how well they agree is shown",
    )
    return parser


def _plot(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "plot",
        "DIR FIGURE [-o FILE]",
        "draw a figure of finished results",
        "Draw one figure of the folder that run, demo or train wrote.",
        "mdgmvae plot results free_energy --features 'phi ALA2' 'psi ALA2' -o landscape.pdf",
    )
    parser.add_argument("folder", metavar="DIR", help="folder that run, demo or train wrote")
    parser.add_argument("figure", metavar="FIGURE", choices=FIGURES, help=", ".join(FIGURES))
    parser.add_argument(
        "--features",
        nargs="+",
        metavar="NAME",
        help="for free_energy and free_energy_error: names of one to three features (default: the "
        "latent coordinates)",
    )
    parser.add_argument(
        "--temperature",
        type=kelvin,
        metavar="K",
        help="for free_energy and free_energy_error: draw energies in kJ/mol instead of kT",
    )
    parser.add_argument(
        "--residue",
        metavar="NAME",
        help="for ramachandran: the residue, such as ALA2 (default: the one whose phi and psi tell "
        "most about the state)",
    )
    parser.add_argument(
        "--runs",
        nargs="+",
        metavar="DIR",
        help="for agreement: folders of the same analysis with other seeds",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=name,
        metavar="FILE",
        help="the file; its suffix decides the format: .png, .pdf or .svg (default: FIGURE.png)",
    )
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
    add_model(parser, "robust", seed=0)
    add_output(parser, "mdgmvae-demo")
    add_states(parser)
    add_report(parser)
    return parser


def _select(commands: Any) -> argparse.ArgumentParser:
    parser = _command(
        commands,
        "select",
        "TOPOLOGY TRAJECTORY... [--features A --features B ...] [options]",
        "choose features, lag time and number of components",
        "Rank sets of features by how much of the slow dynamics they resolve on held-out frames, "
        "propose a lag time, and scan the number of components. The scan fits four models for "
        "each k, which takes most of the time; --k none skips it.",
        "mdgmvae select protein.pdb run1.xtc --features dihedrals --features ca_distances",
    )
    add_trajectory(parser)
    group = parser.add_argument_group("choices")
    group.add_argument(
        "--select", metavar="SEL", help="atoms to analyse, as in `mdgmvae run` (default: protein)"
    )
    group.add_argument(
        "--features",
        action="append",
        metavar="F[,F...]|FILE.json",
        help="a set of features, as in `mdgmvae run`; give the option once for each set (default: "
        "dihedrals, ca_distances and distances, where they apply and are not too many)",
    )
    group.add_argument(
        "-k",
        "--k",
        dest="ks",
        nargs="+",
        type=components,
        default=[[3, 5, 10, 20]],
        metavar="K",
        help="numbers of components, 3,5,10; none for no scan (default: 3,5,10,20)",
    )
    group.add_argument(
        "--lag",
        type=whole,
        metavar="N",
        help="lag time in frames (default: that of the preset for the features, and the proposed "
        "one for k)",
    )
    add_lag_time(group)
    group.add_argument("--seed", type=whole, default=0, metavar="N", help="seed (default: 0)")
    add_computing(group)
    add_frames(parser)
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--out",
        type=name,
        metavar="DIR",
        help="folder for selection.json and selection.png (default: only print)",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="replace an earlier selection in the folder"
    )
    return parser


_COMMANDS = (_run, _select, _featurize, _train, _assign, _annotate, _report, _plot, _check, _demo)


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
