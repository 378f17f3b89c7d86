"""Make molecules whole that are broken across the boundary of the box."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...errors import FrameError
from .arms import COINCIDENT, LONGEST_BOND, MAKE_WHOLE, REPAIR
from .boxes import minimum_image, optional_box


@dataclass(frozen=True, eq=False)
class Links:
    """Links between the atoms of a block, which form a tree in each molecule.

    Two linked atoms are bonded, or only a few bonds apart.

    Attributes
    ----------
    parents, children : numpy.ndarray
        Indices of the linked atoms, (n_links,) int64.
    longest : numpy.ndarray
        Distance in angstrom that linked atoms cannot exceed in a whole molecule, (n_links,).
    order : numpy.ndarray
        Indices of all atoms, such that all atoms behind a link are contiguous, (n_atoms,).
    begins, ends : numpy.ndarray
        The part of `order` that lies behind each link, seen from its parent, (n_links,).
    """

    parents: np.ndarray
    children: np.ndarray
    longest: np.ndarray
    order: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


def make_whole(positions: np.ndarray, box: np.ndarray | None, links: Links) -> np.ndarray:
    """Make the molecules of each frame whole.

    Parameters
    ----------
    positions : numpy.ndarray
        Coordinates in angstrom, (n_frames, n_atoms, 3) float32.
    box : numpy.ndarray or None
        Lengths in angstrom and angles in degrees, (n_frames, 6). Zeros mean no box.
    links : Links
        Links between the atoms.

    Returns
    -------
    numpy.ndarray
        The coordinates, (n_frames, n_atoms, 3) float32. Where all molecules are whole, they are
        returned as they are.

    Raises
    ------
    FrameError
        If a molecule is broken and its frame has no box, or the box does not make it whole, or
        if linked atoms lie at the same point.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.whole import Links, make_whole
    >>> one, two = np.array([0]), np.array([1])
    >>> links = Links(one, two, np.array([2.2]), np.array([0, 1]), one + 1, two + 1)
    >>> broken = np.array([[[9.5, 0, 0], [1, 0, 0]]], np.float32)
    >>> make_whole(broken, np.array([[10, 10, 10, 90, 90, 90]]), links).tolist()
    [[[9.5, 0.0, 0.0], [11.0, 0.0, 0.0]]]
    """
    between = positions.take(links.children, axis=1)
    between -= positions.take(links.parents, axis=1)
    squares = np.einsum("flk,flk->fl", between, between)
    if not squares.min(initial=np.inf) >= COINCIDENT**2:
        frame, link = np.argwhere(~(squares >= COINCIDENT**2))[0]
        raise FrameError(
            frame,
            f"{{}} and {{}}, which are bonded, lie at the same point; {REPAIR}",
            (links.parents[link], links.children[link]),
        )
    wrong = squares > np.square(links.longest, dtype=np.float32)
    if not wrong.any():
        return positions
    frames, some = np.flatnonzero(wrong.any(axis=1)), np.flatnonzero(wrong.any(axis=0))
    part, wrong = between[np.ix_(frames, some)].astype(np.float64), wrong[np.ix_(frames, some)]
    boxes = None if box is None else optional_box(box[frames], len(frames), 2 * LONGEST_BOND)
    images = part if boxes is None else minimum_image(part, boxes)
    lengths = np.linalg.norm(images, axis=2)
    still = wrong & ~(lengths <= links.longest[some])
    if still.any():
        frame, link = np.argwhere(still)[0]
        raise FrameError(
            frames[frame],
            f"{{}} and {{}} are {lengths[frame, link]:.3g} angstrom apart, too far for neighbours "
            f"in a molecule; {MAKE_WHOLE}",
            (links.parents[some[link]], links.children[some[link]]),
        )
    shifts = np.where(wrong[..., None], images - part, 0.0)
    return _shifted(positions, frames, shifts, links, some)


def _shifted(
    positions: np.ndarray, frames: np.ndarray, shifts: np.ndarray, links: Links, some: np.ndarray
) -> np.ndarray:
    """Move all atoms behind some links by the shifts of these links, (n_frames, n_some, 3)."""
    # A running sum over the atoms: a shift is added where the part behind its link begins, and
    # taken back where it ends.
    moves = np.zeros((len(frames), positions.shape[1] + 1, 3))
    moves[:, links.begins[some]] = shifts
    for link, end in enumerate(links.ends[some]):
        moves[:, end] -= shifts[:, link]
    np.cumsum(moves, axis=1, out=moves)
    whole = positions.copy()
    whole[np.ix_(frames, links.order)] += moves[:, :-1]
    return whole


@dataclass(frozen=True, eq=False)
class WholeKernel:
    """Kernel that makes molecules whole for another kernel.

    Attributes
    ----------
    links : Links
        Links between the atoms of a block.
    used : numpy.ndarray
        Indices of the atoms that the other kernel needs.
    kernel : callable
        The other kernel.
    """

    links: Links
    used: np.ndarray
    kernel: Callable[[np.ndarray, np.ndarray | None], np.ndarray]

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        """Compute the features of a block of frames. See `BoundFeaturizer`."""
        positions = make_whole(positions, box, self.links)
        if len(self.used) < positions.shape[1]:
            positions = positions[:, self.used]
        try:
            return self.kernel(positions, box)
        except FrameError as error:
            raise error.moved(atoms=self.used.tolist()) from error.__cause__
