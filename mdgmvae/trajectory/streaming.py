"""Compute features of any source, and write them to a file as frames are read."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FrameError, InputError
from ..featurizers.base import BoundFeaturizer, Featurizer
from ..featurizers.registry import by_name
from ..featurizers.topology.atoms import selected_atoms
from ..featurizers.topology.fingerprint import Fingerprint
from ..featurizers.topology.mdtraj_atoms import mdtraj_atoms
from ..progress import progress_bar
from ..storage.features import FeatureSet
from ..storage.npy import check_npy_name, write_rows
from .atom_order import warn_of_atom_order
from .bad_frames import after_gap, is_sound, tell_left_out
from .blocks import compute_block, compute_sound, frames_per_block, named_fault
from .feature_writer import FeatureWriter
from .frame_times import TimedFile, Timeline
from .frame_warnings import FrameWarnings
from .frames import as_sequence, frame_numbers, frames_needed
from .insertion_codes import insertion_codes
from .mdtraj_chunks import Chunk
from .mdtraj_source import MDTrajFiles, MDTrajMemory
from .moving_atoms import show_frame
from .on_bad_frames import ERROR, skips
from .repeated_frames import signatures, warn_of_repeats


def featurize(
    source: Any,
    featurizer: "str | Featurizer | Sequence[str | Featurizer]" = "dihedrals",
    out: str | os.PathLike[str] | None = None,
    *,
    select: str | None = None,
    start: int | None = None,
    stop: int | None = None,
    step: int | None = None,
    frames: Iterable[Any] | None = None,
    backend: Any = "serial",
    n_workers: int | None = None,
    verbose: bool | None = None,
    on_bad_frames: str = ERROR,
) -> FeatureSet:
    """Compute features of a trajectory and write them to an .npy file.

    Frames are processed in blocks. Neither the trajectory nor the features are ever completely
    in memory.

    Parameters
    ----------
    source : Universe, AtomGroup, mdtraj.Trajectory or (topology, [trajectory files])
        Source of the frames. Of a Universe, all atoms are used. The files of a pair are read
        with `mdtraj.iterload` as one trajectory.
    featurizer : str, Featurizer, or a list of them
        What to compute: "dihedrals", "distances", "positions" or another name, or a featurizer.
        If it needs a reference, it takes the first analysed frame.
    out : path-like, optional
        The .npy file to create or replace, with a .json file beside it. If an error occurs,
        existing files are unchanged. By default, a temporary file that is removed together with
        the FeatureSet.
    select : str, optional
        Selection of the atoms in MDAnalysis' selection language, for all sources.
    start, stop, step : int, optional
        The frames, as in a slice.
    frames : iterable of int or bool, optional
        Frame numbers, whose order is kept, or a mask. Use it instead of a slice.
    backend : {'serial', 'multiprocessing', 'dask'} or BackendBase
        Backend that reads an MDAnalysis trajectory. mdtraj sources are read serially.
    n_workers : int, optional
        Number of processes of a parallel backend. By default, the number of processors.
    verbose : bool, optional
        Show a progress bar. By default, only on a terminal or in a notebook.
    on_bad_frames : {'error', 'skip'}
        What to do with frames that cannot be read, or with impossible coordinates: raise
        an error, or leave them out with a warning. Segments end at such a frame.

    Returns
    -------
    FeatureSet
        The features, with lengths in angstrom, angles in radians and times in ps.

    Raises
    ------
    InputError
        If the source, the selection, the choice of frames or a file cannot be used. No
        incomplete file remains.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> features = featurize(mda.Universe(GRO, XTC), "dihedrals", select="resid 1:3", step=5)
    >>> features.names[0], features.frames.tolist()
    ('phi ARG2 cos', [0, 5])
    """
    out = None if out is None else check_npy_name(out)
    chosen = by_name(featurizer)
    wanted = as_sequence(frames)
    mdtraj_source = _as_mdtraj(source, stop, wanted)
    if mdtraj_source is None:
        from .collector import FeatureCollector

        collector = FeatureCollector(source, chosen, out=out, select=select, verbose=verbose)
        collector.run(
            start, stop, step, wanted, n_workers=n_workers, backend=backend,
            on_bad_frames=on_bad_frames,
        )  # fmt: skip
        return collector.features
    if backend not in (None, "serial"):
        raise InputError(
            f"backend={backend!r} only reads MDAnalysis universes; leave it out, or pass a Universe"
        )
    numbers = frame_numbers(mdtraj_source.n_frames, start, stop, step, wanted)
    skip = skips(on_bad_frames)
    return _featurize_mdtraj(mdtraj_source, chosen, out, select, numbers, verbose, skip)


def _as_mdtraj(
    source: Any, stop: int | None, frames: Sequence[Any] | np.ndarray | None
) -> MDTrajFiles | MDTrajMemory | None:
    """Return the mdtraj source that reads `source`, or None if MDAnalysis reads it."""
    if isinstance(source, tuple | list):
        if len(source) != 2:
            raise InputError(
                f"a source of {len(source)} items was given; pass (topology, [trajectory files])"
            )
        return MDTrajFiles.open(source[0], source[1], frames_needed(stop, frames))
    if type(source).__module__.partition(".")[0] != "mdtraj":
        return None
    if not hasattr(source, "xyz"):
        raise InputError("an mdtraj.Topology has no frames; pass (topology, [trajectory files])")
    return MDTrajMemory(source)


def _featurize_mdtraj(
    source: MDTrajFiles | MDTrajMemory,
    featurizer: Featurizer,
    out: Path | None,
    select: str | None,
    numbers: np.ndarray,
    verbose: bool | None,
    skip: bool,
) -> FeatureSet:
    """Compute and write the features of an mdtraj source."""
    every_atom = np.arange(source.topology.n_atoms)
    positions, box = _first_frame(source, range(source.n_frames), every_atom, skip)
    codes = insertion_codes(source.topology_file, source.topology)
    atoms = selected_atoms(mdtraj_atoms(source.topology, positions, box, codes), select)
    positions, box = _first_frame(source, numbers, atoms.ix, skip)
    warn_of_atom_order(atoms, positions, box, source.topology_file)
    show_frame(atoms, positions, box)
    featurizer = featurizer.with_reference(atoms, positions, box)
    bound = featurizer.bind(atoms)
    with (
        FeatureWriter(out, bound.n_features) as writer,
        progress_bar(len(numbers), "reading frames", "frames", verbose=verbose) as bar,
    ):
        times = np.full(len(numbers), np.nan)
        seen = np.zeros(len(numbers), np.uint64)
        files = [
            TimedFile(name, True, first=first)
            for name, first in zip(source.names, source.firsts, strict=True)
        ]
        told = FrameWarnings(source.place_of)
        order = np.argsort(numbers, kind="stable")
        for chunk in source.chunks(numbers, atoms.ix[bound.indices], skip=skip):
            first_row, end_row = np.searchsorted(
                numbers, [chunk.frames[0], chunk.frames[-1] + 1], sorter=order
            )
            rows = order[first_row:end_row]
            local = numbers[rows] - chunk.frames[0]
            times[rows], seen[rows] = chunk.times[local], signatures(chunk.positions[local])
            file = int(source.index_of(chunk.frames[:1])[0])
            files[file] = replace(files[file], has_times=files[file].has_times and chunk.has_times)
            compute = compute_sound if skip else compute_block
            try:
                _write_chunk(bound, chunk, numbers, rows, writer.rows_path, compute, told)
            except FrameError as error:
                raise named_fault(error, atoms, bound, source.place_of(error.frame)) from error
            bar.update(len(rows))
        source.check_unchanged()
        index = source.index_of(numbers)
        kept = np.ones(len(numbers), dtype=bool)
        if skip:
            kept = writer.remove_unusable(len(numbers))
            tell_left_out(numbers, kept, lambda first: _fault(source, bound, atoms, first))
        numbers, times, index = numbers[kept], times[kept], index[kept]
        if not source.has_duplicates:
            warn_of_repeats(seen[kept], numbers, source.place_of)
        timeline = Timeline.of(numbers, times, index, files, after_gap=after_gap(kept))
        return writer.commit(
            names=bound.names,
            units=bound.units,
            frames=numbers,
            times=timeline.times,
            trajectory_index=index,
            lengths=timeline.lengths,
            selection=select,
            featurizer=bound.featurizer.to_dict(),
            fingerprint=Fingerprint.of(atoms).to_dict(),
        )


def _first_frame(
    source: MDTrajFiles | MDTrajMemory, numbers: Iterable[int], atoms: np.ndarray, skip: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return coordinates and box of the first frame, or of the first that can be used."""
    for number in numbers:
        chunk = next(source.chunks(np.array([number]), atoms, skip=skip))
        positions, box = chunk.positions[0], None if chunk.box is None else chunk.box[0]
        if not skip or is_sound(positions):
            break
    return positions, box


def _fault(
    source: MDTrajFiles | MDTrajMemory, bound: BoundFeaturizer, atoms: Any, number: int
) -> Exception | None:
    """Return the error to which a frame leads."""
    try:
        chunk = next(source.chunks(np.array([number]), atoms.ix[bound.indices]))
        compute_block(bound, chunk.positions[:1], chunk.box, chunk.frames[:1])
    except FrameError as error:
        named = bool(error.file)
        return error if named else named_fault(error, atoms, bound, source.place_of(number))
    except InputError as error:
        return error
    return None


def _write_chunk(
    bound: BoundFeaturizer,
    chunk: Chunk,
    numbers: np.ndarray,
    rows: np.ndarray,
    path: str,
    compute: Callable[..., np.ndarray],
    told: FrameWarnings,
) -> None:
    """Compute the features of the frames in a chunk, and write them to their rows."""
    n_block = frames_per_block(bound)
    for begin in range(0, len(rows), n_block):
        block = rows[begin : begin + n_block]
        local = numbers[block] - chunk.frames[0]
        box = None if chunk.box is None else chunk.box[local]
        values = compute(bound, chunk.positions[local], box, numbers[block], told)
        breaks = np.flatnonzero(np.diff(block) != 1) + 1
        for run, part in zip(np.split(block, breaks), np.split(values, breaks), strict=True):
            write_rows(path, int(run[0]), part)
