"""Assign the frames of trajectories to states with a trained model."""

from .._lazy import lazy_names

_NAMES = {
    "TrajectoryModel": ".trajectory_model",
    "TrajectoryResults": ".results",
    "label": ".labelling",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
