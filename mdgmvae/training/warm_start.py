"""Initial weights for which q(y|x) reproduces k-means clusters in slow coordinates."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from ..kinetics.covariances import Covariances
from ..network.architecture import Architecture, flatten, unflatten
from .dataset import Dataset
from .lagged_pairs import LaggedPairs, ridged_vamp2
from .reduction import Reduction
from .scaling import SAMPLE_BYTES, Scaling
from .tica import Tica

#: Number of frames that are clustered, and to which q(y|x) is fitted.
N_FRAMES = 20_000
#: Maximum number of slow coordinates for clustering.
MAX_DIM = 20
#: Number of clusterings, of which the best is used.
N_CLUSTERINGS = 10
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
    """k-means clusters in time-lagged independent components.

    Each component is multiplied by its autocorrelation. This gives kinetic distances (Noé &
    Clementi, J. Chem. Theory Comput. 11, 5002 (2015)), in which frames that exchange within the lag
    time are close to each other. Of several clusterings from different starts, the one with the
    highest VAMP-2 score is used. The one with the lowest variance within clusters may divide a
    populated basin and join two rare ones.

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
        self._dataset, self._scaling, self._pairs = dataset, scaling, pairs
        self._x = x = scaling.apply(dataset.sample(SAMPLE_BYTES, N_FRAMES, keep))
        self._project = self._projection(x)
        self._coordinates = self._project(x)

    def _projection(self, x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return the function that maps scaled frames to the coordinates for clustering."""
        scaling, pairs = self._scaling, self._pairs
        if scaling.autocorrelation is not None:
            weights = _kinetic_weights(scaling.autocorrelation)
            return lambda scaled: scaled * weights
        if pairs is None:
            pca = PCA(min(MAX_DIM, *x.shape), random_state=0).fit(x)
            project: Callable[[np.ndarray], np.ndarray] = pca.transform
            return project
        reduction = Reduction.of(self._dataset, pairs, scaling.apply)
        tica = Tica.fit_wide(self._dataset, pairs, scaling.apply, reduction, lambda: x, MAX_DIM)
        slow = tica.projection * _kinetic_weights(tica.autocorrelation)
        return lambda scaled: (scaled - tica.mean) @ slow

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
        clusterings = self._clusterings(k, seed)
        problems = []
        if any(len(np.unique(clusters.labels_)) < k for clusters in clusterings):
            problems.append(
                f"k={k}: the frames do not fall into {k} clusters, because too few of them "
                "are distinct; some components will have no frames. Lower k"
            )
        chosen = clusterings[int(np.argmax(self._scores(clusterings)))]
        labels = chosen.predict(self._coordinates)
        weights = unflatten(architecture, flat) | _classifier(architecture, self._x, labels, seed)
        return InitialWeights(flatten(architecture, weights), problems)

    def _clusterings(self, k: int, seed: int) -> list[KMeans]:
        """Return clusterings from different starts; without pairs, only the best of them."""
        with warnings.catch_warnings(), threadpool_limits(1, "openmp"):
            # With several threads, the order of summation and so the last bits would be random.
            warnings.simplefilter("ignore", ConvergenceWarning)
            if self._pairs is None:
                return [KMeans(k, n_init=N_CLUSTERINGS, random_state=seed).fit(self._coordinates)]
            seeds = np.random.SeedSequence(seed).generate_state(N_CLUSTERINGS).tolist()
            return [KMeans(k, n_init=1, random_state=s).fit(self._coordinates) for s in seeds]

    def _scores(self, found: Sequence[KMeans]) -> list[float]:
        """Return the VAMP-2 score of each clustering, in one pass; 0 without pairs."""
        if self._pairs is None:
            return [0.0 for _ in found]
        chunks = self._pairs.chunks(
            self._dataset, lambda raw: self._project(self._scaling.apply(raw))
        )
        sums: list[Covariances] = []
        for earlier, later in chunks:
            parts = [Covariances.of([_one_hot(c, earlier, later)]) for c in found]
            sums = [a + b for a, b in zip(sums, parts, strict=True)] if sums else parts
        return [ridged_vamp2(total) for total in sums]


def _kinetic_weights(autocorrelation: np.ndarray) -> np.ndarray:
    """Return the factors that turn the components into kinetic distances; 1 if none is slow."""
    weights = np.clip(autocorrelation, 0.0, 1.0)
    return weights if weights.any() else np.ones_like(weights)


def _one_hot(clusters: KMeans, *coordinates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the clusters of earlier and later frames as one-hot vectors (n, k)."""
    eye = np.eye(clusters.n_clusters, dtype=np.float32)
    earlier, later = (eye[clusters.predict(part)] for part in coordinates)
    return earlier, later


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
