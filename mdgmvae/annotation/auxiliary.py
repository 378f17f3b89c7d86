"""An auxiliary reader for MDAnalysis that looks up values by frame number.

MDAnalysis' own auxiliary readers match by time, which restarts in each file of a chained
trajectory. Frame numbers are always unique.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from MDAnalysis.auxiliary.base import AuxReader

from ..errors import InputError


class FrameAuxReader(AuxReader):
    """Auxiliary reader that holds one value, or one vector, for every frame.

    Parameters
    ----------
    auxdata : tuple of one ndarray
        ``(values,)``, with values of shape (n_frames,) or (n_frames, m). It is a tuple because
        MDAnalysis evaluates the truth value of this argument, and an array has none.
    auxname : str, optional
        The name under ``ts.aux``; ``trajectory.add_auxiliary`` sets it.

    Examples
    --------
    >>> import MDAnalysis as mda, numpy as np
    >>> from mdgmvae.annotation.auxiliary import FrameAuxReader
    >>> u = mda.Universe.empty(1, trajectory=True)
    >>> u.trajectory.add_auxiliary("state", FrameAuxReader((np.array([4]),)))
    >>> u.trajectory[0].aux.state
    4
    """

    # This attribute registers the class with MDAnalysis, which refuses unregistered classes.
    format: ClassVar[str] = "MDGMVAE"
    required_attrs: ClassVar[list[str]] = ["auxname", "format", "_auxdata"]

    # The base class is not initialised, because it would set up matching by time.
    def __init__(self, auxdata: tuple[np.ndarray], auxname: str | None = None) -> None:
        self._auxdata = auxdata
        self.auxname = auxname
        self._closed = False

    def _count_n_steps(self) -> int:
        return len(self._auxdata[0])

    def _memory_usage(self) -> int:
        return self._auxdata[0].nbytes

    def read_ts(self, ts: Any) -> None:
        """Store the value of the frame `ts` in ``frame_rep``."""
        value = self._auxdata[0][ts.frame]
        self.frame_rep = value.item() if np.ndim(value) == 0 else value.copy()

    def update_ts(self, ts: Any) -> Any:
        """Set ``ts.aux.<auxname>`` to the value of the frame `ts`."""
        if self._closed:
            # Each file of a chain has its own timestep, which may still hold the attribute.
            ts.aux.pop(self.auxname, None)
            return ts
        return super().update_ts(ts)

    def attach_auxiliary(
        self, coord_parent: Any, aux_spec: str | None = None, format: str | None = None
    ) -> None:
        """Attach to a trajectory reader, and replace an earlier FrameAuxReader of the same name.

        Raises
        ------
        InputError
            If an auxiliary of another class has this name.
        """
        name = self.auxname if aux_spec is None else aux_spec
        check_name(coord_parent, name)
        self.auxname = name
        coord_parent._auxs[name] = self
        coord_parent.ts = self.update_ts(coord_parent.ts)

    def close(self) -> None:
        """Release the values; ``trajectory.remove_auxiliary`` calls this."""
        self._closed = True

    def __eq__(self, other: object) -> bool:
        """Compare names and values; NaN equals NaN."""
        return (
            isinstance(other, FrameAuxReader)
            and self.auxname == other.auxname
            and np.array_equal(self._auxdata[0], other._auxdata[0], equal_nan=True)
        )

    __hash__ = None  # type: ignore[assignment]


def check_name(trajectory: Any, name: str | None) -> None:
    """Raise an error if an auxiliary of another class has this name.

    Parameters
    ----------
    trajectory : MDAnalysis.coordinates.base.ProtoReader
    name : str or None

    Raises
    ------
    InputError
    """
    earlier = trajectory._auxs.get(name)
    if earlier is not None and not isinstance(earlier, FrameAuxReader):
        raise InputError(
            f"name: the trajectory already has an auxiliary {name!r} that mdgmvae did not make; "
            "remove it, or choose another name (an analysis needs its name only with annotate=True)"
        )
