"""``mdgmvae select``: which features, which lag time and how many components."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...checks import DEFAULT_MEMORY, check_count, checked_seed
from ...errors import InputError
from ...network.architecture import Architecture
from ...presets import ROBUST, Hyperparameters
from ...storage.atomic import atomic_folder, check_folder
from ...tables import counted, to_plain
from ..files import open_universe, protect
from ..options import Source, featurizer_of
from ..start import start_tensorflow

if TYPE_CHECKING:
    from ...comparison.feature_sets import FeatureSelection
    from ...comparison.lag_proposal import ProposedLag
    from ...comparison.scan_of_k import Selection
    from ...storage.features import FeatureSet

#: Sets that are tried unless others are given, as long as they have no more columns than this.
#: Positions are not among them: with hydrogens, some slow processes are rotations of methyl groups.
DEFAULT_FEATURES, MOST_COLUMNS = ("dihedrals", "ca_distances", "distances"), 5_000
#: Folds of the scan over k, and seeds of the fits to all frames. The library takes more of both.
_N_FOLDS, _N_REPEATS = 3, 1


@dataclass(frozen=True)
class _Found:
    """What was selected.

    Parameters
    ----------
    features : FeatureSelection
    lag : ProposedLag
    k : Selection or None
        None if no k was scanned.
    notes : tuple of str
        Features that were not tried, and why no k was scanned.
    command : str
        The command to continue with; empty if no process is slow.
    """

    features: FeatureSelection
    lag: ProposedLag
    k: Selection | None
    notes: tuple[str, ...]
    command: str

    def text(self) -> str:
        """Return the tables and the command to continue with."""
        parts = [self.features.text(), self.lag.text(), "" if self.k is None else self.k.text()]
        parts += ["\n".join(f"- {note}" for note in self.notes)]
        parts += [f"Continue with:\n{self.command}" if self.command else ""]
        return "\n\n".join(filter(None, parts))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text, for JSON."""
        features, lag, k = self.features, self.lag, self.k
        return {
            "features": {
                "best": features.best,
                "title": features.title,
                "lag": features.lag,
                "n_slow": features.n_slow,
                "sets": to_plain(features.ranked),
                "sentences": list(features.sentences),
            },
            "lag": {"proposed": lag.lag, "reason": lag.reason, **to_plain(lag.timescales)},
            "k": None
            if k is None
            else {
                "best": k.best_k,
                "title": k.title,
                "lag": k.lag,
                "is_largest": k.is_largest,
                "scanned": to_plain(k.scanned),
                "sentences": list(k.sentences),
            },
            "notes": list(self.notes),
            "command": self.command,
        }


def select(options: argparse.Namespace) -> str:
    """Rank features, propose a lag time, scan k, and return the tables."""
    given = Source.of(options)
    wanted = {text: featurizer_of(text) for text in options.features or ()}
    if len(wanted) < len(options.features or ()):
        raise InputError(
            f"--features {' --features '.join(options.features)}: names a set twice; give each "
            "set once"
        )
    ks = [check_count("k", k) for some in options.ks for k in some]
    seed = checked_seed(options.seed)
    if options.out is not None:
        check_folder(options.out, options.overwrite)
        protect(options.out, [*given.files, *wanted])
    with given.on_cluster() as source:
        found = _select(source, wanted, ks, seed, options, given)
    if options.out is None:
        return found.text()
    with atomic_folder(options.out, options.overwrite) as folder:
        _write(found, folder)
    return f"{found.text()}\n\nselection.json and selection.png: {options.out}"


def _select(
    source: Source,
    wanted: Mapping[str, Any],
    ks: Sequence[int],
    seed: int,
    options: argparse.Namespace,
    given: Source,
) -> _Found:
    from ...analysis import default_selection
    from ...comparison import propose_lag, select_features, select_k
    from ...trajectory.lag_time import checked_lag_time, lag_in_frames, time_step
    from ...trajectory.streaming import featurize

    lag_time = checked_lag_time(options.lag_time, {"lag": options.lag})
    universe = open_universe(source.topology, source.trajectories, source.stop, source.formats)
    atoms = default_selection(universe, options.select)
    notes: list[str] = []
    tried = wanted or dict(_that_apply(universe, atoms, notes))
    reading = source.reading(universe)
    sets: dict[str, FeatureSet] = {
        name: featurize(universe, featurizer, select=atoms, verbose=options.verbose, **reading)
        for name, featurizer in tried.items()
    }
    first = next(iter(sets.values()))
    lag = (ROBUST.lag or 1) if options.lag is None else options.lag
    if lag_time is not None:
        lag = lag_in_frames(lag_time, first)
    ranked = select_features(sets, lag=lag, verbose=options.verbose)
    best = sets[ranked.best]
    dt = time_step(first.times, first.lengths)
    proposed = propose_lag(best, dt=dt, seed=seed)
    if options.lag is None and lag_time is None and proposed.lag is not None:
        lag = proposed.lag
    if (given.step or 1) > 1 and dt is not None:
        notes.append(
            f"--step {given.step}: frames are {dt:g} ps apart, so a lag time of {lag} frames is "
            f"{lag * dt:g} ps, and faster processes are not states; for a shorter lag time, use a "
            "smaller --step"
        )
    selection = None
    if not ranked.is_slow:
        notes.append("no k was scanned, because no process is slower than the lag time")
    elif ks:
        start_tensorflow(
            Architecture.of(Hyperparameters.of("robust", k=max(ks)), best.n_features),
            device=options.device,
            threads=options.threads,
            verbose=options.verbose,
        )
        selection = select_k(
            best, ks, lag=lag, seeds=range(seed, seed + _N_REPEATS), n_folds=_N_FOLDS,
            device=options.device, verbose=options.verbose,
        )  # fmt: skip
    chosen = ["--features", ranked.best, "--lag", lag]
    chosen += [] if selection is None else ["-k", selection.best_k]
    command = _command(given, options.select, chosen) if ranked.is_slow else ""
    return _Found(ranked, proposed, selection, tuple(notes), command)


def _that_apply(universe: Any, select: str | None, notes: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the default sets that these atoms have, and note why others are left out."""
    from ...featurizers import by_name
    from ...featurizers.topology import selected_atoms

    atoms = selected_atoms(universe.atoms, select)
    most = min(MOST_COLUMNS, DEFAULT_MEMORY // (4 * max(1, len(universe.trajectory))))
    applied, reason = False, None
    for name in DEFAULT_FEATURES:
        try:
            n = by_name(name).bind(atoms).n_features
        except InputError as error:
            reason = error
            kind = by_name(name).kind
            why = str(error).removeprefix(f"{kind}: ").partition("; ")[0]
            notes.append(f"{name} were not tried: {why}")
            continue
        if n > most and applied:
            notes.append(
                f"{name} were not tried, because there are {counted(n, 'column')}; to try them, "
                f"select fewer atoms (--select), or give --features {name}"
            )
            continue
        applied = True
        yield name, name
    if not applied:
        raise InputError(f"{reason}; give features that apply: --features NAME") from reason


def _command(source: Source, select: str | None, chosen: Sequence[Any]) -> str:
    """Return the command that learns the states, with the same frames and atoms."""
    words = ["mdgmvae", "run", *source.files]
    for option, value in (
        ("select", select),
        ("start", source.start),
        ("start_time", source.start_time),
        ("stop", source.stop),
        ("step", source.step),
        ("dt", source.formats.dt),
        ("topology_format", source.formats.topology),
        ("trajectory_format", source.formats.trajectory),
    ):
        words += [] if value is None else [f"--{option}", f"{value}"]
    if source.on_bad_frames != "error":
        words += ["--on_bad_frames", source.on_bad_frames]
    return shlex.join([*words, *map(str, chosen), "-o", "results"])


def _write(found: _Found, folder: Path) -> None:
    """Write selection.json and selection.png."""
    text = json.dumps(found.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
    (folder / "selection.json").write_text(f"{text}\n", encoding="utf-8")
    _draw(found, folder / "selection.png")


def _draw(found: _Found, path: Path) -> None:
    """Draw the scores of the features, the timescales and the scores of k side by side."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from ...plot import feature_sets, implied_timescales, number_of_components

    n = 2 if found.k is None else 3
    figure, axes = plt.subplots(1, n, figsize=(5.2 * n, 4.4), layout="constrained")
    timescales = found.lag.timescales
    # All panels show times in the same unit.
    dt = timescales.dt if timescales.unit == "ps" else None
    feature_sets(found.features, ax=axes[0], dt=dt)
    if (np.isfinite(timescales.timescales) & (timescales.timescales > 0)).any():
        implied_timescales(timescales, ax=axes[1], lag=found.lag.lag)
    else:
        axes[1].set_axis_off()
        axes[1].text(0.5, 0.5, "no timescale is finite", ha="center", transform=axes[1].transAxes)
    if found.k is not None:
        number_of_components(found.k, ax=axes[2], dt=dt)
    figure.savefig(path, dpi=150)
    plt.close(figure)
