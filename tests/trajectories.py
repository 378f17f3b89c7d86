"""Real trajectories for the tests of featurizers, and blocks of their frames as arrays."""

import warnings
from functools import cache

import MDAnalysis as mda
import mdtraj
import numpy as np

from mdgmvae.featurizers import BoundFeaturizer, Featurizer


def universe(*files):
    """Open files without warnings about missing elements, masses or boxes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mda.Universe(*files)


@cache
def mdtraj_trajectory(file, topology):
    """Load a trajectory with mdtraj, once for all tests; they must not change it."""
    return mdtraj.load(file, top=topology)


def block(atoms, bound, stop=None):
    """Return positions (n_frames, len(bound.indices), 3), and boxes (n_frames, 6) or None."""
    positions, boxes = [], []
    for timestep in atoms.universe.trajectory[:stop]:
        positions.append(atoms.positions[bound.indices])
        # A copy, because the reader writes the next box into the same array.
        boxes.append(None if timestep.dimensions is None else timestep.dimensions.copy())
    return np.array(positions), None if boxes[0] is None else np.array(boxes)


def mdtraj_block(trajectory, bound):
    """Return positions and boxes of an mdtraj trajectory in the units of `block`."""
    boxes = None
    if trajectory.unitcell_lengths is not None:
        boxes = np.hstack([trajectory.unitcell_lengths * 10, trajectory.unitcell_angles])
    return trajectory.xyz[:, bound.indices] * 10, boxes


def features(featurizer: Featurizer, source, stop=None) -> tuple[BoundFeaturizer, np.ndarray]:
    """Bind a featurizer to an AtomGroup or mdtraj trajectory, and compute the features."""
    bound = featurizer.bind(source)
    if isinstance(source, mdtraj.Trajectory):
        return bound, bound(*mdtraj_block(source[:stop], bound))
    return bound, bound(*block(source, bound, stop))


def ends(positions):
    """Return the vector from the first atom to the last: a function for `Custom`."""
    return positions[:, -1] - positions[:, 0]


def angle_difference(one, other):
    """Return the largest difference between two arrays of angles, on the circle."""
    return np.abs(np.angle(np.exp(1j * (one.astype(float) - other)))).max()
