"""Nearest periodic images in boxes of any shape, for blocks of frames."""

import itertools
import warnings

import numpy as np

from ...errors import FrameError, InputError, TrajectoryWarning

#: Smallest box in angstrom. In a smaller one, an atom would be bonded to its own image.
SMALLEST_BOX = 2.2
_RIGHT_ANGLE_TOLERANCE = 1e-5


def checked_box(
    box: np.ndarray | None, n_frames: int, smallest: float = SMALLEST_BOX
) -> np.ndarray:
    """Check that every frame of a block has a box, and return the boxes.

    Parameters
    ----------
    box : numpy.ndarray or None
        Lengths in angstrom and angles in degrees, (n_frames, 6) or (6,).
    n_frames : int
        Number of frames in the block.
    smallest : float
        See `is_box`.

    Returns
    -------
    numpy.ndarray
        Boxes, (n_frames, 6) float64.

    Raises
    ------
    FrameError
        If a frame has no box, or one that cannot be right.
    InputError
        If the boxes do not match the frames.

    Examples
    --------
    >>> from mdgmvae.featurizers.geometry.boxes import checked_box
    >>> checked_box([10, 10, 10, 90, 90, 90], 2).shape
    (2, 6)
    """
    advice = (
        "periodic=True needs a periodic box in every frame: use periodic=False, or write the box "
        "into the trajectory"
    )
    if box is None:
        raise InputError(f"the frames have no box; {advice}")
    boxes = np.asarray(box, dtype=np.float64)
    if boxes.shape == (6,):
        boxes = np.broadcast_to(boxes, (n_frames, 6))
    if boxes.shape != (n_frames, 6):
        raise InputError(f"boxes of shape {boxes.shape} do not match {n_frames} frames; {advice}")
    valid = is_box(boxes, smallest)
    if not valid.all():
        where = int(np.flatnonzero(~valid)[0])
        found = "there is no box"
        if not without_box(boxes[where : where + 1])[0]:
            found = f"the box {_text(boxes[where])} is too small or not a box"
        raise FrameError(where, f"{found}; {advice}")
    return boxes


def optional_box(
    box: np.ndarray | None,
    n_frames: int,
    smallest: float = SMALLEST_BOX,
    frames: np.ndarray | None = None,
) -> np.ndarray | None:
    """Return the boxes of a block, in which some or all frames may have no box.

    Parameters
    ----------
    box : numpy.ndarray or None
        Lengths in angstrom and angles in degrees, (n_frames, 6) or (6,).
    n_frames : int
        Number of frames in the block.
    smallest : float
        See `is_box`.
    frames : numpy.ndarray, optional
        Number of each frame for the warning, (n_frames,). By default, they are counted.

    Returns
    -------
    numpy.ndarray or None
        Boxes, (n_frames, 6) float64, or None if no frame has a box. Frames without a box get a
        box that is so large that it does not change any vector.

    Warns
    -----
    TrajectoryWarning
        If a box cannot be right, such as the placeholder of 1 x 1 x 1 angstrom in many PDB files.
        It counts as no box.

    Examples
    --------
    >>> from mdgmvae.featurizers.geometry.boxes import optional_box
    >>> optional_box([0, 0, 0, 0, 0, 0], 2) is None
    True
    """
    if box is None:
        return None
    boxes = np.array(np.broadcast_to(np.asarray(box, dtype=np.float64), (n_frames, 6)))
    valid = is_box(boxes, smallest)
    if valid.all():
        return boxes
    wrong = ~valid & ~without_box(boxes)
    if wrong.any():
        first = int(wrong.argmax())
        text = (
            f"the box {_text(boxes[first])} is smaller than the molecule, or no box at all: frames "
            "with such a box are read as frames without a box; write the right box into the "
            "trajectory if molecules are broken across its boundary"
        )
        number = first if frames is None else int(frames[first])
        warnings.warn(TrajectoryWarning(text, number), stacklevel=2)
    if not valid.any():
        return None
    # In a box of this size no vector is longer than half an edge.
    boxes[~valid] = (1e9, 1e9, 1e9, 90.0, 90.0, 90.0)
    return boxes


def without_box(boxes: np.ndarray) -> np.ndarray:
    """Return a mask of the frames without a box.

    Every library and format has its own sign for it: a length is zero or NaN.

    Parameters
    ----------
    boxes : numpy.ndarray
        Lengths in angstrom and angles in degrees, (n_frames, 6).

    Returns
    -------
    numpy.ndarray
        True for frames without a box, (n_frames,) bool.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.boxes import without_box
    >>> without_box(np.array([[0, 0, 0, 90, 90, 90], [30, 30, 30, 90, 90, 90]])).tolist()
    [True, False]
    """
    lengths = boxes[:, :3]
    missing: np.ndarray = (~np.isfinite(lengths) | (lengths == 0)).any(axis=1)
    return missing


def boxes_or_none(lengths: np.ndarray, angles: np.ndarray) -> np.ndarray | None:
    """Return the boxes of frames, with one sign for the frames without a box.

    Parameters
    ----------
    lengths, angles : numpy.ndarray
        Lengths in angstrom and angles in degrees, (n_frames, 3).

    Returns
    -------
    numpy.ndarray or None
        Boxes, (n_frames, 6) float32, with zeros for frames without a box. None if no frame has
        a box.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.boxes import boxes_or_none
    >>> boxes_or_none(np.zeros((2, 3)), np.full((2, 3), 90.0)) is None
    True
    """
    boxes = np.hstack([lengths, angles]).astype(np.float32)
    boxes[without_box(boxes)] = 0.0
    return boxes if boxes.any() else None


def is_box(boxes: np.ndarray, smallest: float = SMALLEST_BOX) -> np.ndarray:
    """Return a mask of the boxes that can be right.

    Parameters
    ----------
    boxes : numpy.ndarray
        Lengths in angstrom and angles in degrees, (n_frames, 6).
    smallest : float
        Smallest distance in angstrom between an atom and its own image. It has to be twice the
        length of the longest vector whose nearest image is taken.

    Returns
    -------
    numpy.ndarray
        True for boxes that enclose a volume and are large enough, (n_frames,) bool.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.boxes import is_box
    >>> is_box(np.array([[30, 30, 30, 90, 90, 90], [1, 1, 1, 90, 90, 90.0]])).tolist()
    [True, False]
    """
    valid: np.ndarray = np.isfinite(boxes).all(axis=1)
    valid &= (boxes > 0).all(axis=1) & (boxes[:, 3:] < 180).all(axis=1)
    if right_angled(boxes[valid]):
        valid[valid] = boxes[valid, :3].min(axis=1, initial=np.inf) >= smallest
        return valid
    valid[valid] = _squared_volumes(boxes[valid]) > 0
    # No lattice vector is shorter than the smallest height of the box.
    for frame in np.flatnonzero(valid)[smallest_heights(boxes[valid]) < smallest]:
        valid[frame] = np.linalg.norm(reduced_cell(boxes[frame])[0]) >= smallest
    return valid


def smallest_heights(boxes: np.ndarray) -> np.ndarray:
    """Return the distance between the nearest opposite faces of boxes.

    A vector of up to half this length has no nearer image.

    Parameters
    ----------
    boxes : numpy.ndarray
        Lengths in angstrom and angles in degrees of possible boxes, (n_frames, 6).

    Returns
    -------
    numpy.ndarray
        In angstrom, (n_frames,).

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.boxes import smallest_heights
    >>> smallest_heights(np.array([[30, 30, 20, 90, 90, 60.0]])).tolist()
    [20.0]
    """
    heights = boxes[:, :3]
    if not right_angled(boxes):
        sines = np.sin(np.radians(boxes[:, 3:]))
        heights = heights * np.sqrt(_squared_volumes(boxes))[:, None] / sines
    smallest: np.ndarray = heights.min(axis=1, initial=np.inf)
    return smallest


def _squared_volumes(boxes: np.ndarray) -> np.ndarray:
    """Return the squared volumes of boxes with the same angles and edges of length 1."""
    cosines = np.cos(np.radians(boxes[:, 3:]))
    volumes: np.ndarray = 1.0 - np.square(cosines).sum(axis=1) + 2.0 * cosines.prod(axis=1)
    return volumes


def right_angled(boxes: np.ndarray) -> bool:
    """Return whether all angles of the boxes, (n_frames, 6), are right angles."""
    return bool((np.abs(boxes[:, 3:] - 90.0) < _RIGHT_ANGLE_TOLERANCE).all())


def minimum_image(delta: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the shortest periodic images of difference vectors.

    The result is exact for every box, however skewed. The cell is reduced first, and a vector is
    shortened until no neighbouring image is shorter.

    Parameters
    ----------
    delta : numpy.ndarray
        Vectors in angstrom, (n_frames, n, 3) float32.
    boxes : numpy.ndarray
        Boxes as `checked_box` returns them, (n_frames, 6).

    Returns
    -------
    numpy.ndarray
        Shortest images, (n_frames, n, 3) float32.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.boxes import checked_box, minimum_image
    >>> box = checked_box([10, 10, 10, 90, 90, 90], 1)
    >>> minimum_image(np.array([[[9, 0, -6]]], np.float32), box).tolist()
    [[[-1.0, 0.0, 4.0]]]
    """
    if right_angled(boxes):
        lengths = boxes[:, None, :3].astype(np.float32)
        nearest: np.ndarray = delta - lengths * np.round(delta / lengths)
        return nearest
    images = np.empty_like(delta)
    # Loop over the different boxes. Usually the box is constant, and there is only one.
    distinct, which = np.unique(boxes, axis=0, return_inverse=True)
    for number, box in enumerate(distinct):
        frames = np.flatnonzero(which.ravel() == number)
        vectors = delta[frames].reshape(-1, 3).astype(np.float64)
        images[frames] = _shortest(vectors, reduced_cell(box)).reshape(images[frames].shape)
    return images


def reduced_cell(box: np.ndarray) -> np.ndarray:
    """Return the three shortest vectors that span the lattice of a box.

    Parameters
    ----------
    box : numpy.ndarray
        Lengths in angstrom and angles in degrees, (6,).

    Returns
    -------
    numpy.ndarray
        Minkowski-reduced lattice vectors, (3, 3) float64, one in each row, the shortest first.

    Raises
    ------
    InputError
        If no box can have these three angles.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.boxes import reduced_cell
    >>> np.linalg.norm(reduced_cell(np.array([1, 8, 8, 90, 90, 30.0])), axis=1).round(3).tolist()
    [1.0, 4.001, 8.0]
    """
    cell = _box_vectors(box)
    while True:
        cell = cell[np.argsort(np.linalg.norm(cell, axis=1), kind="stable")]
        shortened = False
        for row in (1, 2):
            for other in range(row):
                cell[row] -= cell[other] * np.round(
                    cell[row] @ cell[other] / (cell[other] @ cell[other])
                )
        for row in range(3):
            first, second = cell[[i for i in range(3) if i != row]]
            for i, j in itertools.product((-1, 0, 1), repeat=2):
                candidate = cell[row] + i * first + j * second
                # Without the tolerance, vectors of equal length would be exchanged forever.
                if candidate @ candidate < (1 - 1e-10) * (cell[row] @ cell[row]):
                    cell[row] = candidate
                    shortened = True
        lengths = np.linalg.norm(cell, axis=1)
        if not shortened and (np.diff(lengths) >= -1e-10 * lengths[-1]).all():
            return cell


def _text(box: np.ndarray) -> str:
    """Return a box in words, such as "1 x 1 x 1 angstrom"."""
    lengths = " x ".join(f"{length:.4g}" for length in box[:3])
    if right_angled(box[None]):
        return f"{lengths} angstrom"
    return f"{lengths} angstrom with angles of {', '.join(f'{a:.4g}' for a in box[3:])} degrees"


def _box_vectors(box: np.ndarray) -> np.ndarray:
    """Return the vectors a, b, c of a box as rows, a along x and b in the xy plane."""
    a, b, c = box[:3]
    cosines = np.cos(np.radians(box[3:]))
    cosines[np.abs(box[3:] - 90.0) < _RIGHT_ANGLE_TOLERANCE] = 0.0
    cos_alpha, cos_beta, cos_gamma = cosines
    sin_gamma = np.sqrt(1.0 - cos_gamma**2)
    along_y = (cos_alpha - cos_beta * cos_gamma) / sin_gamma
    height = 1.0 - cos_beta**2 - along_y**2
    if height <= 0:
        raise InputError(
            f"the box {box.tolist()} encloses no volume, because no box can have these angles; "
            "correct the trajectory, or use periodic=False"
        )
    return np.array(
        [
            [a, 0.0, 0.0],
            [b * cos_gamma, b * sin_gamma, 0.0],
            [c * cos_beta, c * along_y, c * np.sqrt(height)],
        ]
    )


def _shortest(vectors: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Return the shortest images of (n, 3) vectors in a reduced cell."""
    vectors = vectors - np.round(vectors @ np.linalg.inv(cell)) @ cell
    # A vector shorter than half the shortest lattice vector cannot be shortened.
    radius = 0.25 * (cell[0] @ cell[0])
    doubtful = np.flatnonzero(np.einsum("nk,nk->n", vectors, vectors) > radius)
    # In a reduced cell, these steps and their negatives include all faces of the Voronoi cell.
    # A vector that none of them shortens is the shortest.
    steps = np.array([s for s in itertools.product((-1, 0, 1), repeat=3) if s > (0, 0, 0)]) @ cell
    scaled = (steps / np.einsum("sk,sk->s", steps, steps)[:, None]).T
    while doubtful.size:
        along = vectors[doubtful] @ scaled
        step = np.abs(along).argmax(axis=1)
        # Without the tolerance, a vector on a face would be moved back and forth forever.
        turns = np.round(along[np.arange(doubtful.size), step] * (1 - 1e-12))
        moved = turns != 0
        doubtful = doubtful[moved]
        vectors[doubtful] -= turns[moved, None] * steps[step[moved]]
    return vectors
