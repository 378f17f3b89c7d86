"""Explore a trajectory: landscape, molecule and timeline, which show the same frame."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import MDAnalysis as mda
import numpy as np

from ..annotation.written import check_frames, named_in_errors
from ..checks import as_page, as_path, check_count, checked_memory
from ..errors import InputError
from ..storage.atomic import atomic_file
from ..trajectory.moving_atoms import MovingAtoms
from .mapped_frames import MappedFrames
from .molecule import Molecule, Snapshots
from .saved_explorer import explorer_page

_FORMATS = ("xtc", "trr", "dcd")
#: Smallest height in pixels.
_LOWEST = 100


def explore(
    source: Any,
    labels: Any,
    xy: Any,
    frames: Any = None,
    *,
    axes: Sequence[str] | None = None,
    periods: Sequence[float | None] | None = None,
    palette: Sequence[str] | None = None,
    height: int = 560,
    title: str = "mdgmvae explorer",
) -> Explorer:
    """Explore the states of a trajectory: a landscape that is linked with the molecule.

    In a notebook, the returned object displays itself. A click on the landscape or on the timeline
    shows that frame. A lasso chooses frames, which are then in `Explorer.brushed`. The points
    have the colours of the states, and lines show the free energy, 1 kT apart.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to show, with their trajectory. Water and ions are not drawn.
    labels : (n,) array-like of int
        State of each frame, by any method; -1 for none. Such frames are grey and cannot be shown.
    xy : (n, 2) or (n,) array-like of float
        The point of each frame on the landscape. A single coordinate is shown against time.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels. Default: all frames, in order.
    axes : sequence of str, optional
        Names of the coordinates, with units. Default: the columns of a pandas DataFrame.
    periods : sequence of float or None, optional
        Period of each coordinate; 360 for an angle in degrees, which is then wrapped to -180 to
        180. Default: no coordinate is periodic.
    palette : sequence of str, optional
        Colour of each state as ``"#RRGGBB"``. Default: the colours of the plots.
    height : int
        Height in pixels in a notebook.
    title : str
        Title of a saved page.

    Returns
    -------
    Explorer

    Raises
    ------
    InputError
        If labels, points and frames do not fit the trajectory.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> import mdgmvae
    >>> from mdgmvae.data import alanine_dipeptide
    >>> u = mda.Universe(*alanine_dipeptide())
    >>> explorer = mdgmvae.explore(u, [1, 0], [[0.0, 1.5], [2.5, 1.0]], frames=[0, 6400])
    >>> explorer
    <Explorer of 2 frames in 2 states; frame 0 is shown, 0 are brushed>
    >>> explorer.select(6400)
    >>> explorer.frame
    6400
    """
    moving = MovingAtoms.of(source)
    mapped = MappedFrames.of(
        moving, labels, xy, frames, axes=axes, periods=periods, palette=palette
    )
    return Explorer(moving, mapped, height=height, title=title)


class Explorer:
    """A landscape that is linked with the molecule and a timeline.

    Displayed by a notebook, which needs anywidget; `save` makes an offline page without it.

    Parameters
    ----------
    moving : MovingAtoms
        The atoms and their trajectory.
    mapped : MappedFrames
        The frames and their points on the landscape.
    height : int
        Height in pixels in a notebook.
    title : str
        Title of a saved page.

    Examples
    --------
    See `mdgmvae.explore`.
    """

    def __init__(
        self,
        moving: MovingAtoms,
        mapped: MappedFrames,
        *,
        height: int = 560,
        title: str = "mdgmvae explorer",
    ) -> None:
        height = check_count("height", height, _LOWEST)
        if not isinstance(title, str):
            raise InputError(f"title={title!r}: pass a text")
        self.mapped = mapped
        self.row = int(mapped.rows[0])
        self.molecule = Molecule.of(moving, reference=int(mapped.frames[self.row]))
        self._moving, self._height, self._title = moving, height, title
        self._chosen = np.empty(0, np.int64)
        self._widget: Any = None

    @property
    def frame(self) -> int:
        """Number of the frame that is shown, in the trajectory."""
        return int(self.mapped.frames[self.row])

    @property
    def brushed(self) -> np.ndarray:
        """Numbers of the frames that a lasso has chosen, (n,) int64, sorted."""
        numbers: np.ndarray = self.mapped.frames[self._chosen]
        return numbers

    def select(self, frame: int) -> None:
        """Show a frame.

        Parameters
        ----------
        frame : int
            Its number in the trajectory.

        Raises
        ------
        InputError
            If the frame was not analysed or does not exist, or `frame` is no whole number.
        """
        number = check_count("frame", frame, 0)
        self.row = int(self.mapped.rows_of([number], self._moving.n_frames)[0])
        if self._widget is not None:
            self._widget.show_row(self.row)

    def brush(self, frames: Any) -> None:
        """Choose frames, as a lasso does.

        Parameters
        ----------
        frames : array-like of int
            Their numbers in the trajectory.

        Raises
        ------
        InputError
            If one of them was not analysed or does not exist, or they are no list of numbers.
        """
        self._chosen = self.mapped.rows_of(frames, self._moving.n_frames)
        if self._widget is not None:
            self._widget.show_chosen(self._chosen)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the brushed frames as a trajectory of the atoms that were given.

        Parameters
        ----------
        path : path-like
            A file that ends in .xtc, .trr or .dcd. It is replaced.

        Raises
        ------
        InputError
            If no frames are brushed, the format is another one, or the file cannot be written.
        """
        path = as_path(path)
        if path.suffix.lower().lstrip(".") not in _FORMATS:
            raise InputError(f"{path}: the name must end in .{', .'.join(_FORMATS)}")
        if not len(self._chosen):
            raise InputError(
                "no frames are brushed: draw around some with the lasso, or call brush(frames)"
            )
        atoms = self._moving.atoms
        with atomic_file(path) as temporary, named_in_errors(temporary):
            with (
                mda.Writer(str(temporary), atoms.n_atoms) as writer,
                self._moving.at(self.brushed) as steps,
            ):
                for _ in steps:
                    writer.write(atoms)
            check_frames(temporary, len(self._chosen))

    def save(self, path: str | os.PathLike[str], max_size: int | str = "5 MB") -> None:
        """Write the explorer as one page that works offline, in any browser.

        Parameters
        ----------
        path : path-like
            An .html file. It is replaced.
        max_size : int or str
            Largest size in bytes, or such as "20 MB". If the structures of all frames do not fit,
            every state gets the same number of them, and only frames that are stored can be
            clicked.

        Raises
        ------
        InputError
            If the name does not end in .html, `max_size` is too small, or the file cannot be
            written.
        """
        size = checked_memory(max_size, "max_size")
        as_page(path, "an explorer")
        page = explorer_page(self.molecule, self.mapped, self._title, size)
        with atomic_file(path) as temporary:
            temporary.write_text(page, encoding="utf-8")

    @property
    def widget(self) -> Any:
        """The widget that a notebook displays, an `anywidget.AnyWidget`.

        Raises
        ------
        ImportError
            If anywidget is not installed.
        """
        if self._widget is None:
            try:
                from .widget import ExplorerWidget
            except ModuleNotFoundError as error:
                raise ImportError(
                    f"the explorer needs {error.name} in a notebook; install it with: pip install "
                    "'mdgmvae[notebook]', or save it as a page: .save('explorer.html')"
                ) from error
            self._widget = ExplorerWidget(
                self.molecule.topology(),
                self.mapped,
                self.row,
                self._load,
                self._choose,
                self._height,
            )
        return self._widget

    def _load(self, row: int) -> tuple[Snapshots, float]:
        """Read the structure and the time of a row, which is then the one that is shown."""
        shown = self.molecule.snapshots([self.mapped.frames[row]])
        self.row = row
        return shown, float(self.mapped.times_of(np.array([row]), shown.times)[0])

    def _choose(self, rows: np.ndarray) -> None:
        """Remember the rows that a lasso has chosen."""
        self._chosen = np.unique(rows).astype(np.int64)

    def __repr__(self) -> str:
        """Summarise frames and states, the frame that is shown and the brushed frames."""
        return (
            f"<Explorer of {len(self.mapped.labels):,} frames in {len(self.mapped.names)} states; "
            f"frame {self.frame} is shown, {len(self._chosen):,} are brushed>"
        )

    def _repr_mimebundle_(self, **options: Any) -> Any:
        try:
            widget = self.widget
        except ImportError as error:
            # An error raised here would be shown with a traceback.
            return {"text/plain": f"{self!r}\n{error}"}
        return widget._repr_mimebundle_(**options)
