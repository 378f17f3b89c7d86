"""Table of output formats: each row names the function that writes labelled frames.

To add a format, write a module with a function ``(source, labels, path, frames=None, **options)``
and add a row to `WRITERS`. ``mdgmvae annotate --format`` then offers it. This module imports
nothing heavy, because the command line reads the table before it parses its arguments.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..errors import InputError


@dataclass(frozen=True)
class Kind:
    """A kind of labels (states or components), and its arrays in the results.

    Parameters
    ----------
    name : str
        Singular of the kind: "state" or "component".
    labels, probabilities : str
        Names of the arrays, which are attributes of the results.
    other : str
        The other kind of labels, as a key of `KINDS`.
    """

    name: str
    labels: str
    probabilities: str
    other: str


KINDS: Mapping[str, Kind] = {
    "states": Kind("state", "labels", "probabilities", "components"),
    "components": Kind("component", "components", "component_probabilities", "states"),
}


def kind_of(of: str) -> Kind:
    """Return a kind of labels.

    Parameters
    ----------
    of : {"states", "components"}

    Raises
    ------
    InputError
        If `of` has another value.
    """
    if of not in [*KINDS]:
        raise InputError(f"of={of!r}: choose 'states' or 'components'")
    return KINDS[of]


@dataclass(frozen=True)
class Writer:
    """A row of the table.

    Parameters
    ----------
    module, function : str
        Module (relative to this package) and name of the function.
    meaning : str
        Description of the output, for the help of the command line.
    suffixes : tuple of str
        Allowed suffixes of the output file. Empty if the output is a folder.
    options : tuple of str
        Keyword arguments that the function accepts: "name" (``state`` or ``component``),
        "latent", "probabilities" (of every state), "observables" (the other kind of labels),
        "overwrite" and "verbose". With "probability" instead of "probabilities", it gets only
        the probability of the state of each frame, as ``probabilities``.
    """

    module: str
    function: str
    meaning: str
    suffixes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def writes_folder(self) -> bool:
        """Whether the output is a folder."""
        return not self.suffixes

    def write(
        self,
        source: Any,
        results: Any,
        path: str | os.PathLike[str],
        of: str = "states",
        *,
        overwrite: bool = False,
        verbose: bool | None = None,
    ) -> None:
        """Write labelled frames in this format.

        Parameters
        ----------
        source : Universe, AtomGroup or mdtraj.Trajectory
            The atoms to write.
        results : Results
            Results, as `read_labels` returns them.
        path : path-like
            The file or folder.
        of : {"states", "components"}
            Which labels to write.
        overwrite : bool
            Accept a folder that is not empty.
        verbose : bool, optional
            Show a progress bar. By default, only on a terminal or in a notebook.

        Raises
        ------
        InputError
            If the results and the trajectory do not match.
        """
        from .labelled import assigned_probabilities

        kind = KINDS[of]
        labels, other = getattr(results, kind.labels), KINDS[kind.other]
        probabilities = getattr(results, kind.probabilities)
        available: dict[str, Any] = {
            "name": kind.name,
            "latent": results.latent,
            "probabilities": probabilities,
            "observables": {other.name: getattr(results, other.labels)},
            "overwrite": overwrite,
            "verbose": verbose,
        }
        options = {name: available[name] for name in self.options if name != "probability"}
        if "probability" in self.options:
            options["probabilities"] = assigned_probabilities(labels, probabilities)
        self._function()(source, labels, path, results.frames, **options)

    def _function(self) -> Callable[..., None]:
        function: Callable[..., None] = getattr(
            import_module(self.module, __package__), self.function
        )
        return function


WRITERS: Mapping[str, Writer] = {
    "pdb": Writer(
        ".pdb", "write_pdb", "one model for each frame, state in the B column", (".pdb",)
    ),
    "h5md": Writer(
        ".h5md",
        "write_h5md",
        "observables mdgmvae/state, mdgmvae/component and mdgmvae/probability",
        (".h5md", ".h5"),
        ("name", "probability", "observables"),
    ),
    "states": Writer(
        ".state_files",
        "write_states",
        "a folder with one trajectory and representative structures for each state",
        options=("name", "latent", "probabilities", "overwrite", "verbose"),
    ),
}
