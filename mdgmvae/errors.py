"""Errors and warnings of mdgmvae.

A message names the file, frame or option that is wrong and says what to do.
"""

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import TypeVar

Part = TypeVar("Part", bound=type)

#: What an error about a frame recommends, after what repairs the trajectory.
LEAVE_OUT = "or leave such frames out: --on-bad-frames skip (on_bad_frames='skip')"


class MDGMVAEError(Exception):
    """Base class of the errors about input and training.

    Catch it to handle any of them.
    """


class InputError(MDGMVAEError, ValueError):
    """Raised when a file, selection, option or array from the user is invalid.

    Examples
    --------
    >>> from mdgmvae.errors import InputError
    >>> issubclass(InputError, ValueError)
    True
    """


class FrameError(InputError):
    """Raised when a frame of a trajectory cannot be used.

    Parameters
    ----------
    frame : int
        Number of the frame. If a kernel raises the error, the number within its block.
    fault : str
        What is wrong and what to do, with a pair of braces for each of `atoms`.
    atoms : sequence of int
        The atoms with the fault, as indices into the atoms given. If a kernel raises the error,
        as indices into the atoms of its block.
    file : str
        Name of the trajectory file, if it is known.
    in_file : int, optional
        Number of the frame in this file.

    Examples
    --------
    >>> from mdgmvae.errors import FrameError
    >>> error = FrameError(2, "{} and {} are 34 angstrom apart", (0, 4))
    >>> str(error)
    'frame 2: atom 0 and atom 4 are 34 angstrom apart'
    >>> str(error.named({0: "ALA1:C", 4: "GLY2:N"}, "a.xtc"))
    'a.xtc: frame 2: ALA1:C and GLY2:N are 34 angstrom apart'
    """

    def __init__(
        self,
        frame: int,
        fault: str,
        atoms: Sequence[int] = (),
        file: str = "",
        in_file: int | None = None,
    ) -> None:
        # With all arguments, the error can be sent from a worker process.
        super().__init__(frame, fault, atoms, file, in_file)
        self.frame = int(frame)
        self.fault = fault
        self.atoms = tuple(int(atom) for atom in atoms)
        self.file = file
        self.in_file = in_file

    def __str__(self) -> str:
        """Return the message, with numbers for the atoms."""
        where = f"{self.file}: " if self.file else ""
        fault = self.fault.format(*(f"atom {atom:,}" for atom in self.atoms))
        return f"{where}frame {frame_number(self.frame, self.in_file)}: {fault}"

    def moved(
        self, frames: Sequence[int] | None = None, atoms: Sequence[int] | None = None
    ) -> "FrameError":
        """Return the error with the numbers of a larger whole.

        Parameters
        ----------
        frames : sequence of int, optional
            Number of each frame of the block.
        atoms : sequence of int, optional
            Index of each atom of the block.

        Returns
        -------
        FrameError
        """
        frame = self.frame if frames is None else frames[self.frame]
        found = self.atoms if atoms is None else [atoms[atom] for atom in self.atoms]
        return FrameError(frame, self.fault, found, self.file, self.in_file)

    def named(
        self, labels: Mapping[int, str], file: str = "", in_file: int | None = None
    ) -> "FrameError":
        """Return the error with the names of the atoms and of the file.

        Parameters
        ----------
        labels : mapping of int to str
            Name of each atom.
        file : str
            Name of the trajectory file.
        in_file : int, optional
            Number of the frame in this file.

        Returns
        -------
        FrameError
        """
        fault = self.fault.format(*(labels[atom] for atom in self.atoms))
        # Names may contain braces.
        fault = fault.replace("{", "{{").replace("}", "}}")
        return FrameError(self.frame, fault, (), file, in_file)


def frame_number(frame: int, in_file: int | None = None) -> str:
    """Return the number of a frame in words, for a message that names its file.

    Parameters
    ----------
    frame : int
        Number over all files.
    in_file : int, optional
        Number in its file.

    Examples
    --------
    >>> from mdgmvae.errors import frame_number
    >>> frame_number(7, 7), frame_number(1005, 5)
    ('7', '5 (1,005 over all files)')
    """
    if in_file is None or in_file == frame:
        return f"{frame:,}"
    return f"{in_file:,} ({frame:,} over all files)"


class AtomMismatchError(InputError):
    """Raised when the atoms differ from those of a trained model or of a feature file."""


class TopologyWarning(UserWarning):
    """Issued when a topology does not seem to belong to the trajectory."""


class TrajectoryWarning(UserWarning):
    """Issued when frames of a trajectory are not read as they are written.

    Parameters
    ----------
    text : str
        What is wrong and what to do.
    frame : int, optional
        Number of the first such frame. If a kernel issues the warning, the number within its block.
    file : str
        Name of the trajectory file, if it is known.
    in_file : int, optional
        Number of the frame in this file.

    Examples
    --------
    >>> from mdgmvae.errors import TrajectoryWarning
    >>> str(TrajectoryWarning("the box is too small", 3).moved(7, "a.xtc", 7))
    'a.xtc: frame 7: the box is too small'
    """

    def __init__(
        self, text: str, frame: int | None = None, file: str = "", in_file: int | None = None
    ) -> None:
        # With all arguments, the warning can be sent from a worker process.
        super().__init__(text, frame, file, in_file)
        self.text = text
        self.frame = frame
        self.file = file
        self.in_file = in_file

    def __str__(self) -> str:
        """Return the message."""
        if self.frame is None:
            return self.text
        where = f"{self.file}: " if self.file else ""
        return f"{where}frame {frame_number(self.frame, self.in_file)}: {self.text}"

    def moved(self, frame: int, file: str, in_file: int) -> "TrajectoryWarning":
        """Return the warning with the number of the frame over all files, and its place."""
        return type(self)(self.text, frame, file, in_file)


class TrainingError(MDGMVAEError, RuntimeError):
    """Raised when training cannot continue, for example if the loss is no longer finite."""


def methods_of(owner: str) -> Callable[[Part], Part]:
    """Decorate a class whose methods users know as those of another class.

    The errors of Python about arguments, such as an unknown one, then name that class.

    Parameters
    ----------
    owner : str
        Name of the class that inherits the methods.

    Returns
    -------
    callable
        The decorator.

    Examples
    --------
    >>> @methods_of("Analysis")
    ... class Part:
    ...     def judge(self): ...
    >>> Part().judge(lag=5)
    Traceback (most recent call last):
    TypeError: Analysis.judge() got an unexpected keyword argument 'lag'
    """

    def rename(part: Part) -> Part:
        for name, method in vars(part).items():
            function = getattr(method, "__func__", method)  # of a class method
            if isinstance(function, FunctionType) and not name.startswith("_"):
                function.__qualname__ = f"{owner}.{name}"
        return part

    return rename


def printable(text: str) -> str:
    r"""Replace characters that would control a terminal by their escape sequences.

    Names in files from others may contain them.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> printable("chain \x1b[2J A")
    'chain \\x1b[2J A'
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
