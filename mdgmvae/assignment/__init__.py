"""Trained models and the frames of trajectories: the states of the frames."""

from .._lazy import lazy_names

_NAMES = {
    "TrajectoryModel": ".trajectory_model",
    "TrajectoryResults": ".results",
    "label": ".labelling",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
