"""Draws of z that depend on the frame, not on its position in the array.

``score_samples`` averages over draws of z. With an ordinary random stream, the score of a frame
would depend on the frames before it. In one or two latent dimensions the draws are replaced by
Gauss-Hermite quadrature with 15 or 3 x 3 points, whose error is measured in benchmarks/scores.py.
In more dimensions a low-discrepancy point set is shifted by a hash of the frame and the seed
(Cranley & Patterson, SIAM J. Numer. Anal. 13, 904 (1976)).
"""

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import ndtri
from scipy.stats import qmc

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

#: Largest number of draws for a score.
MOST_DRAWS = 64
#: Number of quadrature points in each dimension, by the number of latent dimensions.
POINTS = {1: 15, 2: 3}


def weighted_draws(
    x: np.ndarray, n_z: int, k: int, n_affordable: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return noise and weights with which to average over z.

    Parameters
    ----------
    x : ndarray of shape (n, n_columns)
        Unscaled features of the frames.
    n_z : int
        Number of latent dimensions.
    k : int
        Number of components.
    n_affordable : int
        Number of draws that can be computed in reasonable time. It is rounded down to a power of
        two from 4 to 64, and used only in more than two latent dimensions.
    seed : int

    Returns
    -------
    noise : ndarray of shape (n_draws, k, n, n_z), float32
    weights : ndarray of shape (n_draws,), float64
        They add up to 1.

    Examples
    --------
    >>> noise, weights = weighted_draws(np.zeros((3, 2), np.float32), 1, 4, 64, seed=0)
    >>> variance = weights @ noise[:, 0, 0, 0] ** 2
    >>> round(float(variance), 6)
    1.0
    """
    if n_z in POINTS:
        points, weights = _gauss_hermite(POINTS[n_z], n_z)
        shape = (len(points), k, len(x), n_z)
        return np.broadcast_to(points[:, np.newaxis, np.newaxis], shape), weights
    n_draws = max(4, min(MOST_DRAWS, 1 << max(n_affordable, 1).bit_length() - 1))
    noise = normal_draws(frame_keys(x, seed), n_draws, (k, n_z))
    return noise.swapaxes(1, 2), np.full(n_draws, 1.0 / n_draws)


def _gauss_hermite(n: int, n_z: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the points (n**n_z, n_z) and weights (n**n_z,) for a standard normal density."""
    x, w = hermegauss(n)
    points = np.stack(np.meshgrid(*[x] * n_z, indexing="ij"), axis=-1).reshape(-1, n_z)
    weights = np.stack(np.meshgrid(*[w] * n_z, indexing="ij"), axis=-1).reshape(-1, n_z)
    product = weights.prod(axis=1)
    return points.astype(np.float32), product / product.sum()


def frame_keys(x: np.ndarray, seed: int) -> np.ndarray:
    """Return a 64-bit hash of the float32 values of each frame and of `seed`.

    Parameters
    ----------
    x : ndarray of shape (n, n_columns)
    seed : int

    Returns
    -------
    ndarray of shape (n,), uint64
    """
    # Adding zero turns -0.0 into 0.0, so that equal frames have equal keys.
    bits = (np.ascontiguousarray(x, np.float32) + np.float32(0)).view(np.uint32)
    columns = _mix(np.arange(1, bits.shape[1] + 1, dtype=np.uint64) * _GOLDEN)
    with np.errstate(over="ignore"):
        words = _mix(bits.astype(np.uint64) + columns)
        return _mix(
            words.sum(axis=1, dtype=np.uint64) + _mix(np.asarray(seed & (2**64 - 1), np.uint64))
        )


def component_noise(x: np.ndarray, seed: int, k: int, size: int) -> np.ndarray:
    """Return a standard normal vector of length `size` for each component and frame.

    Parameters
    ----------
    x : ndarray of shape (n, n_columns)
        Unscaled features of the frames.
    seed : int
    k : int
        Number of components.
    size : int
        Length of a vector.

    Returns
    -------
    ndarray of shape (k, n, size), float32
    """
    noise: np.ndarray = normal_draws(frame_keys(x, seed), 1, (k, size))[0]
    return noise.swapaxes(0, 1)


def normal_draws(keys: np.ndarray, n_draws: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return standard normal draws that depend only on the key of each frame.

    Parameters
    ----------
    keys : ndarray of shape (n,), uint64
        From `frame_keys`.
    n_draws : int
        Number of draws. Powers of two are covered most evenly.
    shape : tuple of int
        Shape of one draw.

    Returns
    -------
    ndarray of shape (n_draws, n, *shape), float32

    Examples
    --------
    >>> keys = frame_keys(np.zeros((3, 2), np.float32), seed=0)
    >>> draws = normal_draws(keys, 8, (5, 1))
    >>> draws.shape, bool((draws[:, 0] == draws[:, 2]).all())
    ((8, 3, 5, 1), True)
    """
    size = int(np.prod(shape))
    points = _points(n_draws, size)
    counter = np.arange(1, size + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        bits = _mix(keys[:, np.newaxis] + counter * _GOLDEN)
    # Adding a half to 53 random bits keeps the result strictly between 0 and 1.
    shift = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    uniform = points[:, np.newaxis] + shift
    uniform -= np.floor(uniform)
    tiny = 2.0**-54
    draws: np.ndarray = ndtri(np.clip(uniform, tiny, 1.0 - tiny)).astype(np.float32)
    return draws.reshape(n_draws, len(keys), *shape)


def _points(n_draws: int, size: int) -> np.ndarray:
    """Return points in [0, 1)^size: Sobol, or a Latin hypercube in many dimensions."""
    if n_draws == 1:
        return np.zeros((1, size))
    if size <= 64 and n_draws & (n_draws - 1) == 0:
        points: np.ndarray = qmc.Sobol(size, scramble=False).random(n_draws)
    else:
        hypercube = qmc.LatinHypercube(size, scramble=False, rng=np.random.default_rng(0))
        points = hypercube.random(n_draws)
    return points


def _mix(x: np.ndarray) -> np.ndarray:
    """Apply the finaliser of splitmix64 (Steele, Lea & Flood, OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: np.ndarray = x ^ (x >> np.uint64(31))
    return mixed
