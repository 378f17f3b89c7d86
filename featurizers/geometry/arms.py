"""Check the arms of angles and dihedrals: the vectors between neighbouring atoms."""

from collections.abc import Sequence

import numpy as np

from ...errors import LEAVE_OUT, FrameError

#: Longest bond in angstrom. Bonds of peptides and nucleic acids are at most 1.9 angstrom long. The
#: limit allows for high temperatures and poorly minimised structures.
LONGEST_BOND = 2.2
#: Shortest bond in angstrom between atoms other than hydrogen.
SHORTEST_BOND = 0.5
#: Atoms that are closer than this, in angstrom, have no direction.
COINCIDENT = 1e-3
#: The cause of atoms that are too far apart, and what to do.
MAKE_WHOLE = (
    "either the molecule is broken across the boundary of the box: make it whole in the original "
    "trajectory, before frames are superposed or lose their box (gmx trjconv -pbc whole, or "
    f"MDAnalysis.transformations.unwrap), {LEAVE_OUT}; or the topology lists the atoms in another "
    "order"
)
REPAIR = f"repair the trajectory, {LEAVE_OUT}"


def check_arms(
    squares: Sequence[np.ndarray],
    atoms: np.ndarray,
    first_frame: int,
    longest: np.ndarray | None = None,
) -> None:
    """Check the lengths of the arms of angles or dihedrals in some frames.

    Parameters
    ----------
    squares : sequence of numpy.ndarray
        Squared length of the first arm of each angle, of the second arm, and so on, each
        (n_angles, n_frames), in angstrom^2.
    atoms : numpy.ndarray
        Atoms of each angle, (n_angles, 3 or 4). The arms connect neighbouring columns.
    first_frame : int
        Number of the first frame, for error messages.
    longest : numpy.ndarray, optional
        Length that each arm cannot exceed if the molecule is whole, (n_angles, n_arms), in
        angstrom. If it is given, the arms are bonds, and may not be too short either. If not,
        they may have any length except zero.

    Raises
    ------
    FrameError
        If an arm has a wrong length.
    """
    shortest = COINCIDENT if longest is None else SHORTEST_BOND
    for arm, lengths in enumerate(squares):
        if not lengths.min(initial=np.inf) >= shortest**2:
            row, frame = np.argwhere(~(lengths >= shortest**2))[0]
            raise FrameError(
                first_frame + frame,
                f"{{}} and {{}} are {np.sqrt(lengths[row, frame]):.3g} angstrom apart, so the "
                f"angle between them and other atoms has no meaning; {REPAIR}",
                atoms[row, arm : arm + 2].tolist(),
            )
        if longest is None:
            continue
        # The maximum over the frames, which are contiguous, is fast.
        if not (lengths.max(axis=1, initial=0) <= longest[:, arm] ** 2).all():
            row, frame = np.argwhere(~(lengths <= longest[:, arm, None] ** 2))[0]
            raise FrameError(
                first_frame + frame,
                f"{{}} and {{}} are {np.sqrt(lengths[row, frame]):.3g} angstrom apart, too far "
                f"for neighbours in a chain; {MAKE_WHOLE}",
                atoms[row, arm : arm + 2].tolist(),
            )
