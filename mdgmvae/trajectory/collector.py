"""Analysis that writes the features of an MDAnalysis trajectory to a file.

Each worker writes its own rows of the file, and sends back only a few numbers for each frame.
"""

import copy
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from MDAnalysis.analysis.backends import BackendBase, BackendSerial
from MDAnalysis.analysis.base import AnalysisBase
from MDAnalysis.analysis.results import Results, ResultsGroup

from ..errors import FrameError, InputError
from ..featurizers.base import BoundFeaturizer, Featurizer
from ..featurizers.geometry.arms import REPAIR
from ..featurizers.topology.atoms import selected_atoms
from ..featurizers.topology.fingerprint import Fingerprint
from ..progress import progress_bar
from ..storage.features import FeatureSet
from ..storage.npy import check_npy_name
from .atom_order import warn_of_atom_order
from .bad_frames import after_gap, is_sound, tell_left_out
from .blocks import BlockWriter, as_slice, check_reach, compute_block, named_fault
from .executors import executor_for, number_of_parts
from .feature_writer import FeatureWriter
from .frame_reader import FrameReader
from .frame_times import NO_DT, Timeline, timed_files
from .frame_warnings import FrameWarnings
from .frames import as_sequence, file_of_frames, frame_numbers, frames_needed, place_of
from .integrity import check_universe
from .on_bad_frames import ERROR, skips
from .own_topology import check_universe_names
from .repeated_frames import warn_of_repeats


@dataclass(frozen=True)
class _Part:
    """Result of a worker, which is sent back instead of the analysis and its universe."""

    frames: np.ndarray
    times: np.ndarray
    results: Results


class FeatureCollector(AnalysisBase):
    """Compute features frame by frame and write them to an .npy file.

    Parameters
    ----------
    atomgroup : MDAnalysis.Universe or MDAnalysis.AtomGroup
        The atoms to which the featurizer is applied.
    featurizer : Featurizer
        What to compute. If it needs a reference, it takes the first analysed frame.
    out : path-like, optional
        The .npy file to create or replace, with a .json file beside it. By default, a temporary
        file that is removed together with `features`.
    select : str, optional
        Selection of some of the atoms. It is stored with the features.
    verbose : bool, optional
        Show a progress bar. By default, only on a terminal or in a notebook.

    Attributes
    ----------
    features : FeatureSet
        The features, after `run`.
    frames, times : numpy.ndarray
        Numbers of the analysed frames and their ``ts.time`` in ps, (n_frames,), after `run`. The
        times are NaN if the reader does not know them but counts frames.

    Raises
    ------
    InputError
        If there are no atoms or no trajectory, or `out` does not end in .npy.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> from mdgmvae.featurizers import Distances
    >>> u = mda.Universe(GRO, XTC)
    >>> collector = FeatureCollector(u, Distances(select="name CA and resid 1:3")).run(step=5)
    >>> collector.features.values.shape
    (2, 3)
    """

    _analysis_algorithm_is_parallelizable = True
    # Attributes that are not sent to workers; a subclass adds its own. Workers need the
    # trajectory but not the topology, which takes a long time to pickle.
    _not_sent: ClassVar[tuple[str, ...]] = ("atomgroup", "features")
    # Attributes that belong to a run in progress, and are neither sent nor copied.
    _of_run: ClassVar[tuple[str, ...]] = (
        *("_writer", "_bar", "_sliced_trajectory", "_blocks", "_sending", "_ts", "_inputs"),
    )

    frames: np.ndarray
    times: np.ndarray
    _skip: bool = False
    _thorough: ClassVar[bool] = False
    _writer: FeatureWriter | None = None
    _bar: Any = None
    _sliced_trajectory: Any
    _blocks: BlockWriter
    _sending: bool = False

    def __init__(
        self,
        atomgroup: Any,
        featurizer: Featurizer,
        *,
        out: str | os.PathLike[str] | None = None,
        select: str | None = None,
        verbose: bool | None = None,
    ) -> None:
        atoms = selected_atoms(atomgroup, select)
        trajectory = getattr(atoms.universe, "_trajectory", None)
        if trajectory is None:
            raise InputError("the universe has no trajectory; load one with u.load_new(file)")
        # If verbose were True, each worker process would draw its own progress bar.
        super().__init__(trajectory, verbose=False)
        self.atomgroup = atoms
        self.featurizer = featurizer
        self.select = select
        self.out = None if out is None else check_npy_name(out)
        self.verbose = verbose

    @classmethod
    def get_supported_backends(cls) -> tuple[str, ...]:
        """Return the names of the backends that `run` accepts."""
        return ("serial", "multiprocessing", "dask")

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes to copy or pickle, or those to send to workers during `run`."""
        left = self._of_run + (self._not_sent if self._sending else ())
        return {key: value for key, value in vars(self).items() if key not in left}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy with its own universe."""
        if "atomgroup" in vars(self):
            universe = self.atomgroup.universe
            # The time steps of MDAnalysis cannot be copied by the module `copy`.
            memo[id(universe)] = other = universe.copy()
            memo[id(universe.trajectory)] = other.trajectory
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        copied.__dict__.update(copy.deepcopy(self.__getstate__(), memo))
        return copied

    def run(
        self,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        frames: Iterable[Any] | None = None,
        verbose: bool | None = None,
        n_workers: int | None = None,
        n_parts: int | None = None,
        backend: str | BackendBase | None = None,
        *,
        unsupported_backend: bool = False,
        progressbar_kwargs: dict[str, Any] | None = None,
        on_bad_frames: str = ERROR,
    ) -> Self:
        """Compute the features of the chosen frames.

        Parameters
        ----------
        start, stop, step : int, optional
            The frames, as in a slice.
        frames : iterable of int or bool, optional
            Frame numbers, whose order is kept, or a mask. Use it instead of a slice.
        verbose : bool, optional
            Show a progress bar. By default, the choice made in the constructor.
        n_workers : int, optional
            Number of processes of a parallel backend. By default, the number of processors.
        n_parts : int, optional
            Number of parts into which a parallel backend splits the frames.
        backend : {'serial', 'multiprocessing', 'dask'} or BackendBase, optional
            The backend. All of them give identical features. "dask" uses the active client of
            dask.distributed, or processes on this machine if there is none.
        unsupported_backend : bool, optional
            Accept an instance of a backend that this class does not list, as in MDAnalysis.
        progressbar_kwargs : dict, optional
            Further arguments of the progress bar.
        on_bad_frames : {'error', 'skip'}
            What to do with frames that cannot be read, or with impossible coordinates:
            raise an error, or leave them out with a warning. Segments end at such a frame.

        Returns
        -------
        FeatureCollector
            The analysis itself, with `features`.

        Raises
        ------
        InputError
            If a trajectory file is damaged within the chosen frames, if the choice of frames or
            backend is invalid, or if coordinates or features are not finite numbers.
        """
        chosen, self._skip = as_sequence(frames), skips(on_bad_frames)
        self._inputs = check_universe(self.atomgroup.universe, frames_needed(stop, chosen))
        # The trajectory may have been replaced since then (load_new, transfer_to_memory).
        self._trajectory = self.atomgroup.universe.trajectory
        check_universe_names(self.atomgroup.universe)
        numbers = frame_numbers(self._trajectory.n_frames, start, stop, step, chosen)
        executor = executor_for(backend, n_workers, self._trajectory)
        parallel = not isinstance(executor, BackendSerial)
        parts = number_of_parts(n_parts, executor, self._trajectory, len(numbers))
        first = self._first(numbers)
        self._bound = self._bind(first)
        self._check_run(len(numbers), self._bound.n_features)
        if first.has_positions:
            positions = first.positions[self.atomgroup.ix]
            file = getattr(self.atomgroup.universe, "filename", None)
            if file == getattr(self._trajectory, "filename", None):
                file = None  # a single structure is its own topology
            warn_of_atom_order(self.atomgroup, positions, first.dimensions, file)
        self._indices = self.atomgroup.ix[self._bound.indices]
        self._analysed = as_slice(self.atomgroup.ix)
        self.results = Results()
        with ExitStack() as stack:
            stack.callback(self._end_run)
            stack.enter_context(self._naming_faults())
            self._writer = stack.enter_context(FeatureWriter(self.out, self._bound.n_features))
            self._rows_path = self._writer.rows_path
            self._bar = stack.enter_context(
                progress_bar(
                    len(numbers),
                    "reading frames",
                    "frames",
                    verbose=self.verbose if verbose is None else verbose,
                    **(progressbar_kwargs or {}),
                )
            )
            if hasattr(executor, "report"):
                executor.report = self._bar.update
            if hasattr(executor, "modules"):
                executor.modules = (type(self).__module__,)
            self._sending = True
            super().run(
                start=start,
                stop=stop,
                step=step,
                frames=None if chosen is None else numbers,
                verbose=False,
                n_workers=getattr(executor, "n_workers", n_workers) if parallel else 1,
                n_parts=parts,
                # MDAnalysis treats any instance as parallel when it checks transformations.
                backend=executor if parallel else "serial",
                unsupported_backend=unsupported_backend or executor is not backend,
            )
        return self

    @contextmanager
    def _naming_faults(self) -> Iterator[None]:
        """Name the file and the atoms in errors about frames. Workers do not have the topology."""
        try:
            yield
        except FrameError as error:
            raise self._named(error) from error

    def _end_run(self) -> None:
        for name in self._of_run:
            self.__dict__.pop(name, None)

    def _check_run(self, n_frames: int, n_features: int) -> None:
        """Raise an error before frames are read. Subclasses may override this."""

    def _bind(self, timestep: Any) -> BoundFeaturizer:
        """Bind the featurizer, with `timestep` as its reference if it needs one."""
        featurizer = self.featurizer
        try:
            if timestep.has_positions:
                positions = np.array(timestep.positions[self.atomgroup.ix], dtype=np.float32)
                box = timestep.dimensions
                featurizer = featurizer.with_reference(self.atomgroup, positions, box)
            return featurizer.bind(self.atomgroup)
        except InputError as error:
            if self.select is None:
                raise
            raise InputError(f"select={self.select!r}: {error}") from error

    def _compute(
        self,
        indexed_frames: np.ndarray,
        verbose: bool | None = None,
        *,
        progressbar_kwargs: dict[str, Any] | None = None,
    ) -> _Part:
        # The first column numbers the frames of the whole run. The base class drops it.
        self._rows = indexed_frames[:, 0]
        self._frame_index = -1
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=NO_DT)
            super()._compute(indexed_frames, verbose=False)
        self._blocks.flush()
        self.results.signatures = self._blocks.signatures
        del self._blocks
        # Some readers of single structures number their frame -1.
        return _Part(indexed_frames[:, 1], self.times, self.results)

    def _get_aggregator(self) -> ResultsGroup:
        return ResultsGroup({"signatures": ResultsGroup.ndarray_hstack})

    def _first(self, numbers: np.ndarray) -> Any:
        """Return the Timestep of the first frame, or of the first that can be used."""
        for timestep in FrameReader(self._trajectory, numbers, skip=self._skip):
            if not self._skip or (
                timestep.has_positions and is_sound(timestep.positions[self.atomgroup.ix])
            ):
                break
        # Not at the end of the loop, which would rewind the trajectory.
        return timestep

    def _prepare(self) -> None:
        frames = self._sliced_trajectory.frames
        self._sliced_trajectory = FrameReader(
            self._trajectory, frames, skip=self._skip, thorough=self._thorough
        )
        self._blocks = BlockWriter(
            self._bound,
            self._indices,
            self._rows_path,
            int(self._rows[0]),
            len(self._rows),
            self._analysed,
            FrameWarnings(partial(place_of, self._trajectory)),
            self._skip,
        )

    def _single_frame(self) -> None:
        if not self._skip:
            self._check_positions(self._ts)
        self._blocks.add(self._ts)
        if self._bar is not None:
            self._bar.update()

    def _check_positions(self, timestep: Any) -> None:
        if not timestep.has_positions:
            raise FrameError(timestep.frame, f"there are no coordinates; {REPAIR}")

    def _leave_out_bad(self) -> np.ndarray:
        """Remove the features of frames that cannot be used, and return which are kept."""
        assert self._writer is not None  # run() made it
        kept = self._writer.remove_unusable(len(self.frames))
        tell_left_out(self.frames, kept, self._fault)
        return kept

    def _fault(self, number: int) -> Exception | None:
        """Return the error to which a frame leads."""
        try:
            for timestep in FrameReader(self._trajectory, [number]):
                self._check_positions(timestep)
                box = timestep.dimensions
                check_reach(timestep.positions[self._analysed], number)
                compute_block(
                    self._bound,
                    timestep.positions[self._indices][None],
                    None if box is None else box[None],
                    np.array([number]),
                )
        except InputError as error:
            return self._named(error) if isinstance(error, FrameError) else error
        return None

    def _named(self, error: FrameError) -> FrameError:
        place = place_of(self._trajectory, error.frame)
        return error if error.file else named_fault(error, self.atomgroup, self._bound, place)

    def _conclude(self) -> None:
        self._sending = False
        self._bar.close()
        self._inputs.check()
        assert self._writer is not None  # run() made it
        kept = self._leave_out_bad() if self._skip else np.ones(len(self.frames), dtype=bool)
        self.frames, times = self.frames[kept], self.times[kept]
        found = self.results.pop("signatures")[kept]
        if not self._inputs.has_duplicates:
            warn_of_repeats(found, self.frames, partial(place_of, self._trajectory))
        index, joined = file_of_frames(self._trajectory, self.frames)
        files = timed_files(self.atomgroup.universe)
        timeline = Timeline.of(self.frames, times, index, files, joined, after_gap(kept))
        self.times = timeline.times
        self.features: FeatureSet = self._writer.commit(
            names=self._bound.names,
            units=self._bound.units,
            frames=self.frames.astype(np.int64),
            times=timeline.times,
            trajectory_index=index,
            lengths=timeline.lengths,
            selection=self.select,
            featurizer=self._bound.featurizer.to_dict(),
            fingerprint=Fingerprint.of(self.atomgroup).to_dict(),
        )
