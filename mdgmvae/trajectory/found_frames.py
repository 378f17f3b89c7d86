"""The frames that were found in a file, and whether a reader finds the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..tables import counted
from .input_files import unreadable
from .xtc_frames import XTCDecoder


def index_file(path: Path) -> Path:
    """Return the name of the file in which MDAnalysis keeps where frames begin."""
    return path.with_name(f".{path.name}_offsets.npz")


@dataclass(frozen=True)
class Frames:
    """The frames that were found in a file.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    format : str
        MDAnalysis' name of its format.
    begins : numpy.ndarray
        The first byte of each frame, int64.
    n_atoms : int or None
        Number of atoms, if the format is known here.
    complete : bool
        Whether the whole file was looked at.
    """

    path: Path
    format: str
    begins: np.ndarray
    n_atoms: int | None
    complete: bool

    def check_first(self) -> None:
        """Raise an error if the frames that a reader decodes when it is opened are damaged.

        Raises
        ------
        InputError
            If MDAnalysis' reader of XTC files would crash, or the file has disappeared.
        """
        if self.format != "XTC" or not len(self.begins):
            return
        try:
            decoder = XTCDecoder(self.path, self.begins, thorough=True)
        except OSError as error:  # The file has been there before.
            raise unreadable(self.path, error) from error
        first = min(2, len(self.begins))
        for frame in range(first):
            try:
                decoder.read(frame, ahead=np.arange(frame, first))
            except OSError as error:
                raise InputError(
                    f"{self.path}: frame {frame} cannot be read ({error}); copy the file again"
                ) from error

    def check_reader(self, reader: Any) -> None:
        """Raise an error if a reader has found other frames.

        Parameters
        ----------
        reader : MDAnalysis.coordinates.base.ReaderBase
            The reader of the file.

        Raises
        ------
        InputError
            If the numbers differ, or a frame begins elsewhere.
        """
        n_frames, found = reader.n_frames, len(self.begins)
        offsets = getattr(getattr(reader, "_xdr", None), "offsets", None)
        if offsets is None:
            self.check_count(n_frames)
            return
        if self._differs(n_frames):
            what = f"lists {counted(n_frames, 'frame')}, but the file has {found:,}"
        elif self.n_atoms is None or np.array_equal(offsets[:found], self.begins):
            return
        else:
            first = int(np.flatnonzero(offsets[:found] != self.begins)[0])
            what = f"finds frame {first:,} in the wrong place"
        raise InputError(
            f"{self.path}: MDAnalysis' index of its frames {what}; delete the index, "
            f"{index_file(self.path)}, or "
            "open the trajectory with refresh_offsets=True"
        )

    def check_count(self, n_frames: int) -> None:
        """Raise an error if a reader counts other frames.

        Parameters
        ----------
        n_frames : int
            Number of frames of the reader.

        Raises
        ------
        InputError
            If the numbers differ.
        """
        if self._differs(n_frames):
            raise InputError(
                f"{self.path}: its reader finds {counted(n_frames, 'frame')}, but the file has "
                f"{len(self.begins):,}; write the trajectory again, in another format such as XTC"
            )

    def _differs(self, n_frames: int) -> bool:
        found = len(self.begins)
        known = self.n_atoms is not None
        return known and (n_frames < found or (self.complete and n_frames != found))
