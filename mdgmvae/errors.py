"""Errors and warnings of mdgmvae.

A message names the file, frame or option that is wrong and says what to do.
"""

from collections.abc import Mapping, Sequence


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

    Examples
    --------
    >>> from mdgmvae.errors import FrameError
    >>> error = FrameError(2, "{} and {} are 34 angstrom apart", (0, 4))
    >>> str(error)
    'frame 2: atom 0 and atom 4 are 34 angstrom apart'
    >>> str(error.named({0: "ALA1:C", 4: "GLY2:N"}, "a.xtc"))
    'a.xtc: frame 2: ALA1:C and GLY2:N are 34 angstrom apart'
    """

    def __init__(self, frame: int, fault: str, atoms: Sequence[int] = (), file: str = "") -> None:
        # With all arguments, the error can be sent from a worker process.
        super().__init__(frame, fault, atoms, file)
        self.frame = int(frame)
        self.fault = fault
        self.atoms = tuple(int(atom) for atom in atoms)
        self.file = file

    def __str__(self) -> str:
        """Return the message, with numbers for the atoms."""
        where = f"{self.file}: " if self.file else ""
        fault = self.fault.format(*(f"atom {atom:,}" for atom in self.atoms))
        return f"{where}frame {self.frame:,}: {fault}"

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
        return FrameError(frame, self.fault, found, self.file)

    def named(self, labels: Mapping[int, str], file: str = "") -> "FrameError":
        """Return the error with the names of the atoms and of the file.

        Parameters
        ----------
        labels : mapping of int to str
            Name of each atom.
        file : str
            Name of the trajectory file.

        Returns
        -------
        FrameError
        """
        # A name may contain braces.
        names = (labels[atom].replace("{", "{{").replace("}", "}}") for atom in self.atoms)
        return FrameError(self.frame, self.fault.format(*names), (), file)


class AtomMismatchError(InputError):
    """Raised when the atoms differ from those of a trained model or of a feature file."""


class TopologyWarning(UserWarning):
    """Issued when a topology does not seem to belong to the trajectory."""


class TrainingError(MDGMVAEError, RuntimeError):
    """Raised when training cannot continue, for example if the loss is no longer finite."""
