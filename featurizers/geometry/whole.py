"""Make molecules whole that are broken across the boundary of the box."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...errors import FrameError, TrajectoryWarning
from .arms import COINCIDENT, LONGEST_BOND, MAKE_WHOLE, REPAIR
from .boxes import is_box, minimum_image, optional_box, smallest_heights
from .vectors import parts, squared

# With more molecules than this, such as water, jumps mean nothing.
_MAX_MOLECULES = 20
# A link may be longer than its limit by this, in angstrom: a reaction may stretch or break a bond,
# and a molecule that is broken by the box is broken by much more.
_STRETCH = 4.0


@dataclass(frozen=True, eq=False)
class Links:
    """Links between the atoms of a block, which form a tree in each molecule.

    Two linked atoms are bonded, or only a few bonds apart.

    Attributes
    ----------
    parents, children : numpy.ndarray
        Indices of the linked atoms, (n_links,) int64.
    longest : numpy.ndarray
        Distance in angstrom that linked atoms do not exceed in a whole molecule, (n_links,).
    order : numpy.ndarray
        Indices of all atoms, such that all atoms behind a link are contiguous, (n_atoms,).
    begins, ends : numpy.ndarray
        The part of `order` that lies behind each link, seen from its parent, (n_links,).
    roots : numpy.ndarray
        One atom of each molecule that has links, (n_molecules,).
    """

    parents: np.ndarray
    children: np.ndarray
    longest: np.ndarray
    order: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    roots: np.ndarray


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
    >>> links = Links(one, two, np.array([2.2]), np.array([0, 1]), one + 1, two + 1, one)
    >>> broken = np.array([[[9.5, 0, 0], [1, 0, 0]]], np.float32)
    >>> make_whole(broken, np.array([[10, 10, 10, 90, 90, 90]]), links).tolist()
    [[[9.5, 0.0, 0.0], [11.0, 0.0, 0.0]]]
    """
    frames, broken = _long_links(positions, links, _half_height(box))
    if not len(frames):
        return positions
    ends = links.parents[broken], links.children[broken]
    vectors = (positions[frames, ends[1]] - positions[frames, ends[0]]).astype(np.float64)
    boxes = (
        None if box is None else optional_box(box[frames], len(frames), 2 * LONGEST_BOND, frames)
    )
    images = vectors if boxes is None else minimum_image(vectors[:, None], boxes)[:, 0]
    lengths = np.linalg.norm(images, axis=1)
    # In a small box, links that are only stretched are among them.
    stretched = np.linalg.norm(vectors, axis=1) <= links.longest[broken] + _STRETCH
    fits = stretched | (lengths <= links.longest[broken])
    if not fits.all():
        row = int(fits.argmin())
        raise FrameError(
            frames[row],
            f"{{}} and {{}} are {lengths[row]:.3g} angstrom apart, too far for neighbours in a "
            f"molecule; {MAKE_WHOLE}",
            (ends[0][row], ends[1][row]),
        )
    return _shifted(positions, frames, images - vectors, links, broken)


def _half_height(box: np.ndarray | None) -> float:
    """Return the length up to which vectors have no nearer image in any frame of a block."""
    if box is None:
        return np.inf
    boxes = np.asarray(box, dtype=np.float64)
    valid = is_box(boxes, 2 * LONGEST_BOND)
    return 0.5 * float(smallest_heights(boxes[valid]).min(initial=np.inf))


def _long_links(
    positions: np.ndarray, links: Links, half_height: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the frame and the number of each link that is too long, in the order of frames.

    So are links that may have a nearer image, because a box is small.
    """
    longest = np.square(np.minimum(links.longest + _STRETCH, half_height))[:, None]
    found = [np.empty((0, 2), np.int64)]
    for vectors, frames, some in parts(positions, None, len(links.longest)):
        squares = squared(vectors.between(links.parents[some], links.children[some]))
        if not squares.min() >= COINCIDENT**2:
            link, frame = np.argwhere(~(squares >= COINCIDENT**2))[0]
            raise FrameError(
                frames.start + frame,
                f"{{}} and {{}}, which are neighbours in a molecule, lie at the same point; "
                f"{REPAIR}",
                (links.parents[some][link], links.children[some][link]),
            )
        # The maximum over the frames, which are contiguous, is fast.
        if not (squares.max(axis=1, keepdims=True) <= longest[some]).all():
            link, frame = np.nonzero(~(squares <= longest[some]))
            found.append(np.stack([frames.start + frame, some.start + link], axis=1))
    every = np.concatenate(found)
    every = every[np.argsort(every[:, 0], kind="stable")]
    return every[:, 0], every[:, 1]


def _shifted(
    positions: np.ndarray,
    frames: np.ndarray,
    shifts: np.ndarray,
    links: Links,
    broken: np.ndarray,
) -> np.ndarray:
    """Move the atoms behind each broken link of a frame by its shift, (n_broken, 3)."""
    # A running sum over the atoms: a shift is added where the part behind its link begins, and
    # taken back where it ends.
    some, row = np.unique(frames, return_inverse=True)
    moves = np.zeros((len(some), positions.shape[1] + 1, 3))
    np.add.at(moves, (row, links.begins[broken]), shifts)
    np.subtract.at(moves, (row, links.ends[broken]), shifts)
    np.cumsum(moves, axis=1, out=moves)
    whole = positions.copy()
    whole[np.ix_(some, links.order)] += moves[:, :-1]
    return whole


def _warn_of_jumps(positions: np.ndarray, box: np.ndarray | None, roots: np.ndarray) -> None:
    """Warn if a molecule jumps by a box length against another from one frame to the next."""
    if box is None or not 2 <= len(roots) <= _MAX_MOLECULES or len(positions) < 2:
        return
    between = positions[:, roots[1:]] - positions[:, roots[:1]]
    steps = np.diff(between, axis=0)
    valid = is_box(box[1:].astype(np.float64), 2 * LONGEST_BOND)
    # No vector within half the smallest height of a box has a nearer image.
    large = (np.abs(steps).max(axis=(1, 2)) > 5 * LONGEST_BOND) & valid
    if not large.any():
        return
    steps, boxes = steps[large], box[1:][large].astype(np.float64)
    moved = (np.abs(minimum_image(steps, boxes) - steps).max(axis=2) > LONGEST_BOND).any(axis=1)
    if moved.any():
        text = (
            "a molecule jumps by a box length against another one, as if each had been moved into "
            "the box by itself, and the features between them jump, too; use periodic=True for "
            "distances and contacts, or bring the molecules together (gmx trjconv -pbc cluster or "
            "nojump, or MDAnalysis.transformations.NoJump)"
        )
        first = int(np.flatnonzero(large)[moved][0]) + 1
        warnings.warn(TrajectoryWarning(text, first), stacklevel=2)


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
        if box is not None:
            box = np.broadcast_to(np.asarray(box), (len(positions), 6))
        positions = make_whole(positions, box, self.links)
        _warn_of_jumps(positions, box, self.links.roots)
        if len(self.used) < positions.shape[1]:
            positions = positions.take(self.used, axis=1)
        try:
            return self.kernel(positions, box)
        except FrameError as error:
            raise error.moved(atoms=self.used.tolist()) from error.__cause__
