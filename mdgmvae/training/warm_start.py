"""Where training may begin: q(y|x) set to k-means clusters of the slow coordinates."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from ..network.architecture import Architecture, unflatten
from .covariances import SoftCovariances
from .scaling import SAMPLE_BYTES
from .tica import Tica

if TYPE_CHECKING:
    from .dataset import Rows
    from .lagged_pairs import TimePairs
    from .scaling import Scaling

#: Rows that are clustered and on which q(y|x) is fitted to the clusters.
N_ROWS = 20_000
#: Slow coordinates that are clustered.
MAX_DIM = 20
#: Clusterings from which one is taken.
N_CLUSTERINGS = 10
_EPOCHS = 20


class SlowClusters:
    """k-means in time-lagged independent components, each weighted by its autocorrelation.

    The weights make distances kinetic (Noé & Clementi, J. Chem. Theory Comput. 11, 5002
    (2015)): frames are near each other that exchange within the lag. Of several clusterings that
    start differently the one with the highest VAMP-2 is taken, not the tightest: the tightest
    may divide a populated basin and join two rare ones.

    Parameters
    ----------
    rows : Rows
    scaling : Scaling
        Of the inputs of the networks; that of TICA gives the slow coordinates, too.
    pairs : TimePairs or None
        None clusters the principal components, without kinetics.
    keep : ndarray of bool, optional
        The rows that may be used.
    """

    def __init__(
        self,
        rows: Rows,
        scaling: Scaling,
        pairs: TimePairs | None,
        keep: np.ndarray | None = None,
    ) -> None:
        self._rows, self._scaling, self._pairs = rows, scaling, pairs
        self._x = x = scaling.apply(rows.spread(SAMPLE_BYTES, N_ROWS, keep))
        self._project = self._projection(x)
        self._coordinates = self._project(x)

    def _projection(self, x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """From scaled rows to the coordinates that are clustered."""
        scaling, pairs = self._scaling, self._pairs
        if scaling.autocorrelation is not None:
            weights = np.clip(scaling.autocorrelation, 0.0, 1.0)
            return lambda scaled: scaled * weights
        if pairs is None:
            return PCA(min(MAX_DIM, *x.shape), random_state=0).fit(x).transform
        tica = Tica.fit_wide(
            lambda reduce: pairs.chunks(self._rows, lambda raw: reduce(scaling.apply(raw))),
            x.shape[1],
            lambda: x,
            pairs.lag,
            MAX_DIM,
        )
        slow = tica.projection * np.clip(tica.autocorrelation, 0.0, 1.0)
        return lambda scaled: (scaled - tica.mean) @ slow

    def start(self, architecture: Architecture, flat: np.ndarray, seed: int) -> np.ndarray:
        """The weights `flat` with those of q(y|x) fitted to the clusters."""
        k = architecture.k
        if k == 1:
            return flat
        labels = self._clustering(k, seed).predict(self._coordinates)
        weights = unflatten(architecture, flat) | _classifier(architecture, self._x, labels, seed)
        return np.concatenate([weights[name].ravel() for name in architecture.shapes])

    def _clustering(self, k: int, seed: int) -> KMeans:
        """The k-means with the highest VAMP-2; without pairs of frames, the tightest."""
        with warnings.catch_warnings(record=True) as caught, threadpool_limits(1, "openmp"):
            # With several threads the order of a sum, and so its last bit, is left to chance.
            warnings.simplefilter("always")
            if self._pairs is None:
                found = [KMeans(k, n_init=N_CLUSTERINGS, random_state=seed).fit(self._coordinates)]
            else:
                seeds = np.random.SeedSequence(seed).generate_state(N_CLUSTERINGS).tolist()
                found = [KMeans(k, n_init=1, random_state=s).fit(self._coordinates) for s in seeds]
        if caught:
            warnings.warn(
                f"k={k}: the frames do not fall into as many clusters, since too few of them "
                "differ; some components will have no frames",
                stacklevel=7,
            )
        return found[int(np.argmax(self._scores(found)))] if self._pairs else found[0]

    def _scores(self, found: Sequence[KMeans]) -> list[float]:
        """VAMP-2 of each clustering, in one pass over the pairs."""
        assert self._pairs is not None
        chunks = self._pairs.chunks(self._rows, lambda raw: self._project(self._scaling.apply(raw)))
        sums: list[SoftCovariances] = []
        for earlier, later in chunks:
            parts = [SoftCovariances.of([_one_hot(c, earlier, later)]) for c in found]
            sums = [a + b for a, b in zip(sums, parts, strict=True)] if sums else parts
        return [total.vamp2() for total in sums]


def _one_hot(clusters: KMeans, *rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    eye = np.eye(clusters.n_clusters, dtype=np.float32)
    earlier, later = (eye[clusters.predict(part)] for part in rows)
    return earlier, later


def _classifier(
    architecture: Architecture, x: np.ndarray, labels: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Weights of q(y|x) with which it gives the labels."""
    network = MLPClassifier(
        architecture.qy_dims, alpha=1e-3, batch_size=min(256, len(x)), learning_rate_init=5e-3,
        max_iter=_EPOCHS, random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        # It only has to be near: the training goes on from there.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(x, labels)
    last = len(network.coefs_) - 1
    weights = {}
    for layer, (w, b) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        if layer == last:
            w, b = _logits_of_all(w, b, network.classes_, architecture.k)
        weights[f"qy/{layer}/weights"] = w.astype(np.float32)
        weights[f"qy/{layer}/biases"] = b.astype(np.float32)
    return weights


def _logits_of_all(
    w: np.ndarray, b: np.ndarray, present: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The last layer for all k components, where some have no frame or there are two."""
    if w.shape[1] == 1 and len(present) == 2:
        # One logit for two classes: the other one is zero.
        w, b = np.hstack([np.zeros_like(w), w]), np.concatenate([[0.0], b])
    everything, biases = np.zeros((len(w), k)), np.full(k, -10.0)
    everything[:, present], biases[present] = w, b
    return everything, biases
