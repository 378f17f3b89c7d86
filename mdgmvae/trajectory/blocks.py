"""A block of frames through a featurizer's kernel, with checks on what goes in and comes out."""

import numpy as np

from ..errors import InputError
from ..featurizers.base import BoundFeaturizer

# Small enough for the cache that cores share.
_BLOCK_BYTES = 4 * 2**20
_MAX_FRAMES = 1024
# The features, and whether they are finite; kernels work on a few of them at a time.
_BYTES_PER_FEATURE = 8
# Angstrom. NaN written to XTC comes back as 2.1e7: a finite number that is no position.
_ABSURD = 1e6


def frames_per_block(bound: BoundFeaturizer) -> int:
    """Choose how many frames are computed at once, so that memory stays bounded.

    Parameters
    ----------
    bound : BoundFeaturizer
        The more atoms it needs and the more features it gives, the fewer frames.

    Returns
    -------
    int
        At least 1.
    """
    per_frame = 12 * len(bound.indices) + _BYTES_PER_FEATURE * bound.n_features
    return max(1, min(_MAX_FRAMES, _BLOCK_BYTES // per_frame))


def compute_block(
    bound: BoundFeaturizer, positions: np.ndarray, box: np.ndarray | None, frames: np.ndarray
) -> np.ndarray:
    """Compute the features of a block of frames.

    Parameters
    ----------
    bound : BoundFeaturizer
        What to compute.
    positions : numpy.ndarray
        (n, len(bound.indices), 3), float32, in angstrom.
    box : numpy.ndarray or None
        (n, 6): lengths in angstrom, angles in degrees.
    frames : numpy.ndarray
        (n,) frame numbers, for the errors.

    Returns
    -------
    numpy.ndarray
        (n, n_features), float32.

    Raises
    ------
    InputError
        When coordinates or features are not finite numbers, naming the first frame.
    """
    # A comparison that is false for NaN too.
    if not (positions.min() >= -_ABSURD and positions.max() <= _ABSURD):
        frame, atom, axis = np.argwhere(~(np.abs(positions) <= _ABSURD))[0]
        raise InputError(
            f"frame {frames[frame]:,}: atom {bound.indices[atom]:,} of those given lies at "
            f"{'xyz'[axis]} = {positions[frame, atom, axis]:.3g} angstrom, so features such as "
            f"'{bound.names[0]}' would mean nothing; leave the frame out (frames=, start, stop) "
            "or repair the trajectory"
        )
    values = np.asarray(bound(positions, box), dtype=np.float32)
    if values.shape != (len(frames), bound.n_features):
        raise InputError(
            f"the featurizer {bound.featurizer!r} returned the shape {values.shape} for "
            f"{len(frames)} frames of {bound.n_features} features"
        )
    finite = np.isfinite(values)
    if not finite.all():
        frame, column = np.argwhere(~finite)[0]
        raise InputError(
            f"frame {frames[frame]:,}: the feature '{bound.names[column]}' is "
            f"{values[frame, column]}; leave the frame out (frames=, start, stop), or the feature"
        )
    return values
