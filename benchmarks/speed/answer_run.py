"""Train once, record the weights during training, and score them afterwards.

Usage: python answer_run.py DATA.npz OUT.npz '{"preset": ..., "seed": ..., ...}'

Times are counted from the call of `fit`, without the time to record weights. TensorFlow is imported
before. Scores are those of `GMVAE.score`, in the units of the data, on a subset of the frames.
"""

import json
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from mdgmvae import GMVAE
from mdgmvae.model.trained_model import TrainedModel
from mdgmvae.network.architecture import Architecture, unflatten
from mdgmvae.presets import PAPER
from mdgmvae.training.dataset import Dataset
from mdgmvae.training.scaling import Scaling

#: Number of frames that are scored, and largest number of moments in a training.
N_JUDGED, N_MOMENTS = 10_000, 40


@dataclass
class Moment:
    """Weights at a moment of a training, in wall-clock and processor seconds.

    `training` is 0 for the first training and 1 for the second one on all frames (`refit`).
    """

    training: int
    wall: float
    processor: float
    weights: np.ndarray


@dataclass
class Watch:
    """Records the weights after each block of batches, and the time of compiling."""

    moments: list[Moment] = field(default_factory=list)
    #: Scaling and architecture of each training.
    made: list[tuple[Scaling, Architecture]] = field(default_factory=list)
    #: Seconds of tracing and compiling: the time of the first block minus that of a later one.
    compiling: np.ndarray = field(default_factory=lambda: np.zeros(2))
    paused: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def start(self) -> None:
        self.began = now()

    def seconds(self) -> np.ndarray:
        return now() - self.began - self.paused

    def note(self, weights: np.ndarray) -> None:
        wall, processor = self.seconds()
        self.moments.append(Moment(len(self.made) - 1, wall, processor, weights))


def now() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Record all trainings within this context."""
    from mdgmvae.training import loop, optimiser, restarts

    prepare = loop.prepare

    def noted_prepare(*arguments: Any) -> Any:
        found = prepare(*arguments)
        watch.made.append((found.scaling, found.architecture))
        return found

    class NotedOptimiser(optimiser.Optimiser):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            began = now()
            super().__init__(*arguments, **named)
            watch.compiling += now() - began
            self._first: np.ndarray | None = None
            self._runs = 0

        def run(self, block) -> None:  # type: ignore[no-untyped-def]
            began = now()
            super().run(block)
            took = now() - began
            self._runs += 1
            # The first block includes compiling, the third one does not.
            if self._runs == 1:
                self._first = took
            elif self._runs == 3:
                watch.compiling += np.maximum(self._first - took, 0)
            began = now()
            watch.note(self.arrays()[0])
            watch.paused += now() - began

    with (
        mock.patch.object(loop, "prepare", noted_prepare),
        mock.patch.object(restarts, "Optimiser", NotedOptimiser),
    ):
        yield


def chosen(moments: list[Moment]) -> list[Moment]:
    """Choose the moments to score: more at the beginning, as time has a logarithmic axis."""
    if len(moments) <= N_MOMENTS:
        return moments
    numbers = np.unique(np.geomspace(1, len(moments), N_MOMENTS).round().astype(int)) - 1
    return [moments[number] for number in numbers]


def score(model: TrainedModel, X: np.ndarray) -> float:
    return -float(model.loss(Dataset(X), PAPER.r_nent).mean(dtype=np.float64))


def main(data: Path, out: Path, settings: dict[str, Any]) -> None:
    import tensorflow  # noqa: F401  (so that its import is not measured)

    with np.load(data) as stored:
        X, lengths = stored["X"], tuple(stored["lengths"].tolist())
    few = X[:: max(1, len(X) // N_JUDGED)]
    model = GMVAE.from_preset(**settings, verbose=False)
    watch = Watch()
    with warnings.catch_warnings(), watched(watch):
        # The table shows the scores of trainings that have not converged.
        warnings.simplefilter("ignore")
        watch.start()
        model.fit(X, lengths=lengths)
        fit_wall, fit_processor = watch.seconds()
    moments = chosen(watch.moments)
    scores = []
    for moment in moments:
        scaling, architecture = watch.made[moment.training]
        weights = unflatten(architecture, moment.weights)
        scores.append(score(TrainedModel(architecture, weights, scaling, seed=0), few))
    np.savez(
        out,
        training=[m.training for m in moments],
        wall=[m.wall for m in moments],
        processor=[m.processor for m in moments],
        scores=scores,
        compiling=watch.compiling,
        fit=[fit_wall, fit_processor],
        final=score(model.model_, few),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
