"""How an analysis shows itself at the prompt and in notebooks."""

from __future__ import annotations

from html import escape
from typing import Any

from ..assignment.trajectory_model import TrajectoryModel
from ..states.summary import summarize
from ..tables import counted
from ..trajectory.precomputed import Precomputed
from .training import Training


class Display:
    """The part of `GMVAEAnalysis` that shows it."""

    featurizer: Any
    results: Any
    _trained: TrajectoryModel | None
    _training: Training | None
    _precomputed: Precomputed | None

    def __repr__(self) -> str:
        """Summarise atoms, features and settings, and the states after `run`."""
        atoms = vars(self).get("atomgroup")
        parts = ["no universe" if atoms is None else counted(len(atoms), "atom")]
        if self._precomputed is not None:
            parts.append(f"features={self._precomputed.values.shape} array")
        else:
            parts.append(f"features={self.featurizer}")
        if self._training is not None:
            parts.append(f"k={self._training.estimator.k}, preset={self._training.preset!r}")
        if "labels" in vars(self.results).get("data", {}):
            shares = ", ".join(f"{100 * p:.1f} %" for p in self.results.populations)
            status = f"{counted(len(self.results.labels), 'frame')} in states {shares}"
        else:
            status = "not run yet" if self._trained is None else "trained"
        return f"<GMVAEAnalysis of {', '.join(parts)}; {status}>"

    def _repr_html_(self) -> str:
        if "labels" not in vars(self.results).get("data", {}):
            return f"<code>{escape(repr(self))}</code>"
        features = vars(self).get("features")
        return summarize(self.results, features)._repr_html_()
