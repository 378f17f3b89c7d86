"""The options of the commands as frozen values."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

from ..checks import as_path
from ..errors import InputError
from ..presets import RULES, Hyperparameters, check_values
from ..trajectory.on_bad_frames import ERROR


@dataclass(frozen=True)
class Formats:
    """What the input files do not say themselves.

    Attributes
    ----------
    dt : float or None
        Time between frames in ps.
    topology, trajectory : str or None
        Formats as MDAnalysis calls them.
    """

    dt: float | None = None
    topology: str | None = None
    trajectory: str | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """Take the formats from the options of a command."""
        return cls(options.dt, options.topology_format, options.trajectory_format)


@dataclass(frozen=True)
class Source:
    """The files to read, the frames to take, and where they are processed."""

    topology: str
    trajectories: tuple[str, ...]
    start: int | None = None
    stop: int | None = None
    step: int | None = None
    backend: str = "serial"
    n_workers: int | None = None
    scheduler: str | None = None
    formats: Formats = Formats()
    on_bad_frames: str = ERROR
    start_time: float | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """Take the source from the options of a command."""
        return cls(
            options.topology,
            tuple(options.trajectories),
            options.start,
            options.stop,
            options.step,
            options.backend,
            options.n_workers,
            options.scheduler,
            Formats.of(options),
            options.on_bad_frames,
            options.start_time,
        )

    @property
    def files(self) -> list[str]:
        """The input files, the topology first."""
        return [self.topology, *self.trajectories]

    def frames(self, universe: Any) -> dict[str, Any]:
        """Return the arguments that choose frames of a universe.

        Raises
        ------
        InputError
            If --start_time is combined with --start, or leaves no frame.
        """
        if self.start_time is None:
            return {"start": self.start, "stop": self.stop, "step": self.step}
        from ..trajectory.frames import frame_numbers
        from ..trajectory.start_time import frames_from

        if self.start is not None:
            raise InputError(
                f"--start {self.start}: counts frames and --start_time ps; use only one of them"
            )
        stop = len(frame_numbers(universe.trajectory.n_frames, None, self.stop, None))
        later = frames_from(universe, self.start_time, stop=stop, on_bad_frames=self.on_bad_frames)
        return {"frames": later[frame_numbers(len(later), None, None, self.step)]}

    def reading(self, universe: Any) -> dict[str, Any]:
        """Return the arguments of everything that reads frames of a universe."""
        return {
            **self.frames(universe),
            "backend": self.backend,
            "n_workers": self.n_workers,
            "on_bad_frames": self.on_bad_frames,
        }

    @contextmanager
    def on_cluster(self) -> Iterator[Self]:
        """Connect to the cluster of --scheduler and yield the source as its workers see it.

        Raises
        ------
        InputError
            If another backend is chosen, too, or no scheduler answers.
        """
        if self.scheduler is None:
            yield self
            return
        from ..trajectory.dask_cluster import connected

        if self.backend == "multiprocessing":
            raise InputError(
                "--backend multiprocessing: uses processes of this machine and --scheduler those "
                "of a cluster; use only one of them"
            )
        # The working folders of the workers are their own, so paths have to be absolute.
        with connected(self.scheduler):
            yield replace(
                self,
                topology=str(as_path(self.topology).absolute()),
                trajectories=tuple(str(as_path(path).absolute()) for path in self.trajectories),
                backend="dask",
            )


@dataclass(frozen=True)
class Training:
    """The settings of a training."""

    preset: str
    hyperparameters: dict[str, Any]
    lag_time: float | None
    seed: int | None
    device: str
    threads: int | None
    strategy: str | None
    max_memory: str | None
    checkpoint: str | None
    verbose: bool | None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """Take the training from the options of a command.

        Raises
        ------
        InputError
            If a hyperparameter has a value that it cannot have.
        """
        return cls(
            options.preset,
            check_values(_hyperparameters(options)),
            options.lag_time,
            options.seed,
            options.device,
            options.threads,
            options.strategy,
            options.max_memory,
            options.checkpoint,
            options.verbose,
        )

    @property
    def chosen(self) -> Hyperparameters:
        """All hyperparameters: those of the preset, replaced by those that were given."""
        return Hyperparameters.of(self.preset, **self.hyperparameters)

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments that GMVAE and GMVAEAnalysis have in common."""
        return {
            **self.hyperparameters,
            "seed": self.seed,
            "device": self.device,
            "strategy": self.strategy,
            "max_memory": self.max_memory,
            "checkpoint": self.checkpoint,
            "verbose": self.verbose,
        }


@dataclass(frozen=True)
class Output:
    """The folder for the results, and the temperature for its figure."""

    folder: str
    overwrite: bool
    temperature: float | None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """Take the output from the options of a command."""
        return cls(options.out, options.overwrite, options.temperature)


def _hyperparameters(options: argparse.Namespace) -> dict[str, Any]:
    """Return the hyperparameters that were given on the command line."""
    given = {}
    for name, rule in RULES.items():
        if not hasattr(options, name):
            continue
        value = getattr(options, name)
        if rule.kind == "dims":
            value = tuple(width for widths in value for width in widths)
        elif rule.kind == "choice" and value == "none":
            value = None
        given[name] = value
    return given


def featurizer_of(text: str) -> str | list[str]:
    """Return the value of --features: a name or a file, or several of them.

    Raises
    ------
    InputError
        If it is empty.
    """
    names, rest = [], text.split(",")
    while rest:
        # The path of a file may contain commas.
        paths = (",".join(rest[:n]) for n in range(len(rest), 1, -1))
        name = next((path for path in paths if as_path(path.strip()).is_file()), rest[0])
        names.append(name.strip())
        rest = rest[name.count(",") + 1 :]
    names = [name for name in names if name]
    if not names:
        raise InputError("--features: is empty; give a name such as dihedrals")
    return names[0] if len(names) == 1 else names
