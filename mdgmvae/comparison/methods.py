"""Methods that find states, as functions with the same arguments.

``method(X, lengths, lag, n_states, seed)`` learns from features X (n_frames, n_x) in segments of
`lengths` frames, and returns a function that labels features. All methods except the preset
"paper" standardise the features first.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..checks import seed_of
from ..clustering import kmeans_of
from ..kinetics.lumping import lump
from ..presets import ROBUST
from ..training.dataset import Dataset
from ..training.lagged_pairs import LaggedPairs
from ..training.reduction import Reduction
from ..training.scaling import SAMPLE_BYTES
from .cross_validation import Assign, Method

#: Smallest share of the variance that principal or independent components must explain.
_EXPLAINED = 0.95
#: Frames for each microstate if there are too few frames for 100 microstates.
_FRAMES_IN_MICROSTATE = 50


def robust(
    X: np.ndarray,
    lengths: tuple[int, ...],
    lag: int,
    n_states: int | None,
    seed: int,
    *,
    k: int = ROBUST.k,
    **hyperparameters: Any,
) -> Assign:
    """Train a GMVAE with the preset "robust" and take its metastable states."""
    # At least as many components as states are needed.
    k = k if n_states is None else max(k, n_states)
    model = _gmvae(
        X, lengths, "robust", seed, k=k, lag=lag, n_macrostates=n_states, **hyperparameters
    )
    return lambda rows: np.asarray(model.predict_states(rows))


def paper(
    X: np.ndarray,
    lengths: tuple[int, ...],
    lag: int,
    n_states: int,
    seed: int,
    **hyperparameters: Any,
) -> Assign:
    """Train a GMVAE with the preset "paper" and take its components as states."""
    model = _gmvae(X, lengths, "paper", seed, k=n_states, **hyperparameters)
    return lambda rows: np.asarray(model.predict(rows))


def vae_kmeans(
    X: np.ndarray,
    lengths: tuple[int, ...],
    lag: int,
    n_states: int,
    seed: int,
    **hyperparameters: Any,
) -> Assign:
    """k-means in the latent space of a plain VAE, trained as "robust" but without kinetics."""
    without = {"k": 1, "vamp_weight": 0.0, "lag": lag, "init": "random", "scale": "standard"}
    model = _gmvae(X, lengths, "robust", seed, **{**without, **hyperparameters})
    clusters = _kmeans(model.transform(X), n_states, seed)
    return lambda rows: _clusters_of(clusters, model.transform(rows))


def tica_pcca(
    X: np.ndarray,
    lengths: tuple[int, ...],
    lag: int,
    n_states: int,
    seed: int,
    *,
    n_microstates: int = 100,
) -> Assign:
    """TICA, k-means microstates, a Markov model and PCCA+: the usual linear pipeline (deeptime)."""
    n = max(n_states, min(n_microstates, len(X) // _FRAMES_IN_MICROSTATE))
    microstates = tica_microstates(X, lengths, lag, n, seed)
    lumped = lump(microstates(X), lag=lag, lengths=lengths, k=n, n_macrostates=n_states)
    return lambda rows: lumped.of_component[microstates(rows)]


def tica_microstates(
    X: np.ndarray, lengths: tuple[int, ...], lag: int, n: int, seed: int
) -> Assign:
    """k-means clusters of TICA components, which are scaled to kinetic distances."""
    from deeptime.decomposition import TICA

    standardised = _supported(X, lengths, lag)
    segments = np.split(standardised(X).astype(np.float64), np.cumsum(lengths)[:-1])
    estimator = TICA(lagtime=lag, var_cutoff=_EXPLAINED, scaling="kinetic_map")
    for segment in segments:
        if len(segment) > lag:
            estimator.partial_fit((segment[:-lag], segment[lag:]))
    tica = estimator.fetch_model()

    def slow(rows: np.ndarray) -> np.ndarray:
        return np.asarray(tica.transform(standardised(rows).astype(np.float64)))

    clusters = _kmeans(slow(X), n, seed, n_init=1)
    return lambda rows: _clusters_of(clusters, slow(rows))


def _supported(
    X: np.ndarray, lengths: tuple[int, ...], lag: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return standardisation, followed by the directions that the frames support if they are few.

    With fewer frames than columns, TICA would find coordinates that repeat with the lag.
    """
    scaler, data, pairs = _scaler(X), Dataset(X), LaggedPairs.within(lengths, lag)
    standardised: Callable[[np.ndarray], np.ndarray] = scaler.transform
    reduction = Reduction.of(data, pairs, standardised)
    if not reduction.has_few_frames:
        return standardised
    axes = reduction.axes(data, pairs, standardised, standardised(data.sample(SAMPLE_BYTES)))
    return lambda rows: np.asarray(standardised(rows) @ axes)


def pca_mixture(
    X: np.ndarray, lengths: tuple[int, ...], lag: int, n_states: int, seed: int
) -> Assign:
    """Fit a mixture of Gaussians in the space of the principal components."""
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    scaler = _scaler(X)
    pca = PCA(_EXPLAINED, svd_solver="full").fit(scaler.transform(X))
    points = pca.transform(scaler.transform(X)).astype(np.float64)
    with warnings.catch_warnings():
        # A fit that has not converged shows in the scores.
        warnings.simplefilter("ignore")
        mixture = GaussianMixture(
            n_states, n_init=3, reg_covar=1e-4, max_iter=300, random_state=seed_of(seed)
        ).fit(points)
    return lambda rows: np.asarray(
        mixture.predict(pca.transform(scaler.transform(rows)).astype(np.float64)), np.int64
    )


def kmeans(X: np.ndarray, lengths: tuple[int, ...], lag: int, n_states: int, seed: int) -> Assign:
    """k-means clusters of the features."""
    scaler = _scaler(X)
    clusters = _kmeans(scaler.transform(X), n_states, seed)
    return lambda rows: _clusters_of(clusters, scaler.transform(rows))


#: Methods that `mdgmvae.comparison.compare` takes by name.
METHODS: dict[str, Method] = {
    "robust": robust,
    "paper": paper,
    "VAE + k-means": vae_kmeans,
    "TICA + k-means + PCCA+": tica_pcca,
    "PCA + Gaussian mixture": pca_mixture,
    "k-means": kmeans,
}


def _gmvae(X: np.ndarray, lengths: tuple[int, ...], preset: str, seed: int, **values: Any) -> Any:
    from ..model.gmvae import GMVAE

    return GMVAE.from_preset(preset, seed=seed, **{"verbose": False, **values}).fit(
        X, lengths=lengths
    )


def _scaler(X: np.ndarray) -> Any:
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit(X)


def _kmeans(points: np.ndarray, n: int, seed: int, n_init: int = 10) -> Any:
    return kmeans_of(np.asarray(points, np.float64), n, seed=seed_of(seed), n_init=n_init)


def _clusters_of(clusters: Any, points: np.ndarray) -> np.ndarray:
    return np.asarray(clusters.predict(np.asarray(points, np.float64)), np.int64)
