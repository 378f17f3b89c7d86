"""Initial weights for which q(y|x) reproduces clusters of frames that exchange slowly."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from ..network.architecture import Architecture, flatten, unflatten
from .dataset import Dataset
from .divisions import Coordinates, divide, divide_by_density
from .lagged_pairs import LaggedPairs
from .reduction import Reduction
from .scaling import SAMPLE_BYTES, Scaling
from .tica import Tica

#: Number of frames that are clustered, and to which q(y|x) is fitted.
N_FRAMES = 20_000
#: Maximum number of slow coordinates for clustering.
MAX_DIM = 20
#: Maximum number of features and products along which frames are divided.
MAX_AXES = 128
#: Number of epochs for the fit of q(y|x) to the clusters.
_EPOCHS = 20


class InitialWeights(NamedTuple):
    """Initial weights of a restart.

    Parameters
    ----------
    weights : ndarray of shape (n_weights,), float32
    problems : list of str
        Warnings for the user, each with advice.
    """

    weights: np.ndarray
    problems: list[str]


class SlowClusters:
    """Clusters of frames that exchange slowly (`divisions`).

    The slow coordinates for k-means are time-lagged independent components, each multiplied by
    its autocorrelation. This gives kinetic distances (Noé & Clementi, J. Chem. Theory Comput. 11,
    5002 (2015)), in which frames that exchange within the lag time are close to each other.

    Parameters
    ----------
    dataset : Dataset
        The frames.
    scaling : Scaling
        Scaling of the network inputs. With TICA, it also provides the slow coordinates.
    pairs : LaggedPairs or None
        Pairs of frames. If None, principal components are clustered.
    keep : ndarray of bool of shape (n_frames,), optional
        Use only these frames. Default: all.
    """

    def __init__(
        self,
        dataset: Dataset,
        scaling: Scaling,
        pairs: LaggedPairs | None,
        keep: np.ndarray | None = None,
    ) -> None:
        self._later: Coordinates | None = None
        if pairs is None:
            self._x = scaling.apply(dataset.sample(SAMPLE_BYTES, N_FRAMES, keep))
            pca = PCA(min(MAX_DIM, *self._x.shape), random_state=0).fit(self._x)
            self._earlier = Coordinates(pca.transform(self._x), self._x)
            return
        affordable = max(1, SAMPLE_BYTES // (4 * dataset.n_columns))
        sampled = pairs.thinned(min(N_FRAMES, affordable))
        # Many columns take much memory, so the frames are not kept.
        self._x = np.concatenate([scaling.apply(earlier) for earlier, _ in sampled.chunks(dataset)])
        project = _projection(dataset, scaling, pairs, self._x)
        found = (
            [_coordinates(scaling, project, side) for side in pair]
            for pair in sampled.chunks(dataset)
        )
        self._earlier, self._later = map(Coordinates.concatenate, zip(*found, strict=True))

    def initialise(self, architecture: Architecture, flat: np.ndarray, seed: int) -> InitialWeights:
        """Return `flat` with the weights of q(y|x) fitted to the clusters.

        Parameters
        ----------
        architecture : Architecture
        flat : ndarray of shape (n_weights,), float32
            Random initial weights.
        seed : int
            Seed of the clustering and of the fit of q(y|x).
        """
        k = architecture.k
        if k == 1:
            return InitialWeights(flat, [])
        problems = []
        if len(np.unique(self._earlier.slow, axis=0)) < k:
            problems.append(
                f"k={k}: the frames do not fall into {k} clusters, because too few of them "
                "are distinct; some components will have no frames. Lower k"
            )
        labels = self.divide(k, seed)
        weights = unflatten(architecture, flat) | _classifier(architecture, self._x, labels, seed)
        return InitialWeights(flatten(architecture, weights), problems)

    def divide(self, k: int, seed: int) -> np.ndarray:
        """Return the cluster of each frame that was sampled: shape (n,), int64."""
        if self._later is None:
            return divide_by_density(self._earlier.slow, k, seed)
        return divide(self._earlier, self._later, k, seed)


def _projection(
    dataset: Dataset, scaling: Scaling, pairs: LaggedPairs, x: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that maps scaled frames to the slow coordinates."""
    if scaling.autocorrelation is not None:
        weights = _kinetic_weights(scaling.autocorrelation)
        return lambda scaled: scaled * weights
    reduction = Reduction.of(dataset, pairs, scaling.apply)
    tica = Tica.fit_wide(dataset, pairs, scaling.apply, reduction, lambda: x, MAX_DIM)
    slow = tica.projection * _kinetic_weights(tica.autocorrelation)
    return lambda scaled: (scaled - tica.mean) @ slow


def _coordinates(
    scaling: Scaling, project: Callable[[np.ndarray], np.ndarray], frames: np.ndarray
) -> Coordinates:
    """Return what frames in the units of the data are divided by."""
    scaled, inputs = scaling.apply(frames), scaling.inputs(frames)
    slow = project(scaled)
    axes = [slow, inputs] if inputs.shape[1] <= MAX_AXES else [slow]
    return Coordinates(slow, np.concatenate(axes, axis=1))


def _kinetic_weights(autocorrelation: np.ndarray) -> np.ndarray:
    """Return the factors that turn the components into kinetic distances; 1 if none is slow."""
    weights = np.clip(autocorrelation, 0.0, 1.0)
    return weights if weights.any() else np.ones_like(weights)


def _classifier(
    architecture: Architecture, x: np.ndarray, labels: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Return weights for which q(y|x) approximately gives the labels."""
    network = MLPClassifier(
        architecture.qy_dims, alpha=1e-3, batch_size=min(256, len(x)), learning_rate_init=5e-3,
        max_iter=_EPOCHS, random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        # An approximate fit is enough, because the training continues from it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(x, labels)
    last = len(network.coefs_) - 1
    weights = {}
    for layer, (w, b) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        if layer == last:
            w, b = _expand_logits(w, b, network.classes_, architecture.k)
        weights[f"qy/{layer}/weights"] = w.astype(np.float32)
        weights[f"qy/{layer}/biases"] = b.astype(np.float32)
    return weights


def _expand_logits(
    w: np.ndarray, b: np.ndarray, present: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Extend the last layer from the clusters that have frames to all k components."""
    if w.shape[1] == 1 and len(present) == 2:
        # For two classes scikit-learn has a single logit; that of the first class is zero.
        w, b = np.hstack([np.zeros_like(w), w]), np.concatenate([[0.0], b])
    all_weights, all_biases = np.zeros((len(w), k)), np.full(k, -10.0)
    all_weights[:, present], all_biases[present] = w, b
    return all_weights, all_biases
