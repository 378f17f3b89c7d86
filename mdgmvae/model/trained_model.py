"""The trained model as a value: sizes, weights and scaling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..network import draws
from ..network.architecture import Architecture, flatten
from ..training.dataset import Dataset
from ..training.scaling import Scaling

if TYPE_CHECKING:
    from ..network.inference import Inference


@dataclass(frozen=True, eq=False)
class Assignment:
    """Components and latent coordinates of frames.

    Parameters
    ----------
    component_probabilities : ndarray of shape (n_frames, k), float32
        q(y|x).
    latent : ndarray of shape (n_frames, n_z), float32
        sum_y q(y|x) * mean of q(z|x,y).
    components : ndarray of shape (n_frames,), int64
        Most probable component of each frame, argmax_y q(y|x).
    """

    component_probabilities: np.ndarray
    latent: np.ndarray
    components: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Find the components."""
        object.__setattr__(self, "components", self.component_probabilities.argmax(axis=1))


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A trained mixture, which takes and returns frames in the units of the data.

    Parameters
    ----------
    architecture : Architecture
        Sizes of the networks and the order of the components.
    weights : dict of str to ndarray of float32
    scaling : Scaling
    seed : int
        Seed of all random numbers.
    device : str
        Device to compute on, as in `GMVAE`.
    """

    architecture: Architecture
    weights: Mapping[str, np.ndarray]
    scaling: Scaling
    seed: int
    device: str = "auto"
    _cache: dict[str, Inference] = field(default_factory=dict, init=False, repr=False)

    def assign(self, rows: Dataset) -> Assignment:
        """Compute q(y|x) and sum_y q(y|x) * mean of q(z|x,y) of the frames."""
        a = self.architecture
        probabilities = np.empty((len(rows), a.k), np.float32)
        latent = np.empty((len(rows), a.n_z), np.float32)
        done = 0
        for _, x in self._chunks(rows):
            part = slice(done, done + len(x))
            probabilities[part], latent[part] = self.inference.assign(x)
            done += len(x)
        return Assignment(probabilities, latent)

    def labels(self, rows: Dataset) -> np.ndarray:
        """Find the component of each frame, argmax_y q(y|x): shape (n,), int64."""
        parts = [self.inference.probabilities(x).argmax(axis=1) for _, x in self._chunks(rows)]
        return np.concatenate(parts)

    def labels_and_probabilities(
        self, rows: Dataset, kept: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the component of each frame, and q(y|x) of some of them.

        Parameters
        ----------
        rows : Dataset
        kept : ndarray of bool of shape (n,)
            Frames whose probabilities are returned.

        Returns
        -------
        labels : ndarray of int64 of shape (n,)
        probabilities : ndarray of float32 of shape (number of kept frames, k)
        """
        labels, probabilities, done = [], [], 0
        for _, x in self._chunks(rows):
            q = self.inference.probabilities(x)
            labels.append(q.argmax(axis=1))
            probabilities.append(q[kept[done : done + len(q)]])
            done += len(q)
        return np.concatenate(labels), np.concatenate(probabilities)

    def membership_gradient(self, raw: np.ndarray, members: np.ndarray) -> np.ndarray:
        """Compute the gradient of log (sum of q(y|x) over the members) by the features.

        Parameters
        ----------
        raw : ndarray of shape (n, n_columns)
            Features in the units of the data.
        members : ndarray of shape (k,), bool
            Components to sum over.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            Per unit of the feature. 0 if all components are members, since their q add up to 1
            for any x.
        """
        if members.all():
            return np.zeros(raw.shape, np.float32)
        by_scaled = self.inference.membership_gradient(self.scaling.apply(raw), members)
        return self.scaling.gradient(raw, by_scaled)

    def reorder(self, order: np.ndarray) -> TrainedModel:
        """Return the model with its components renumbered: i is the former order[i]."""
        architecture = replace(self.architecture, order=tuple(int(i) for i in order))
        return replace(self, architecture=architecture)

    def draw_latent(self, rows: Dataset) -> np.ndarray:
        """Compute sum_y q(y|x) * z_y with z_y drawn from q(z|x,y): shape (n, n_z)."""
        return np.concatenate(
            [self.inference.draw_latent(x, self._draws(raw)) for raw, x in self._chunks(rows)]
        )

    def reconstruct(self, rows: Dataset) -> np.ndarray:
        """Compute sum_y q(y|x) * mean of p(x|z_y), with z_y at its mean: shape (n, n_x)."""
        scaled = [self.inference.reconstruct(x) for _, x in self._chunks(rows)]
        return self.scaling.invert(np.concatenate(scaled))

    def draw_reconstruction(self, rows: Dataset) -> np.ndarray:
        """Compute sum_y q(y|x) * x_y with z_y and x_y drawn: shape (n, n_x)."""
        a, scaled = self.architecture, []
        for raw, x in self._chunks(rows):
            noise_x = draws.component_noise(raw, self.seed + 1, a.k, a.n_x)
            scaled.append(self.inference.draw_reconstruction(x, self._draws(raw), noise_x))
        return self.scaling.invert(np.concatenate(scaled))

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Compute the mean of p(x|z): (n, n_z) -> (n, n_x)."""
        return self.scaling.invert(self.inference.decode(z)[0])

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw y from 1/k, z from p(z|y), x from p(x|z): x of shape (n, n_x) and y (n,)."""
        y = rng.integers(self.architecture.k, size=n)
        mean, variance = self.inference.prior()
        z = mean[y] + np.sqrt(variance[y]) * rng.standard_normal(mean[y].shape, np.float32)
        mean, variance = self.inference.decode(z)
        x = mean + np.sqrt(variance) * rng.standard_normal(mean.shape, np.float32)
        return self.scaling.invert(x), y

    def loss(self, rows: Dataset, r_nent: float) -> np.ndarray:
        """Compute the loss of each frame in nats, averaged over draws of z: (n,), float32."""
        a, parts = self.architecture, []
        # It must not depend on the frames: the score of a frame is the same in any company.
        affordable = int(4e6 / (a.k * a.n_weights))
        for raw, x in self._chunks(rows, self.inference.loss_frames):
            noise, weights = draws.weighted_draws(raw, a.n_z, a.k, affordable, self.seed)
            losses = self.inference.loss(x, noise, r_nent)
            parts.append(np.sum(losses * weights, axis=1) - self.scaling.log_jacobian)
        return np.concatenate(parts).astype(np.float32)

    @property
    def inference(self) -> Inference:
        """Compiled functions of the networks, made at first use."""
        if "inference" not in self._cache:
            from ..network import devices
            from ..network.device_choice import advise_labelling
            from ..network.inference import Inference

            flat = flatten(self.architecture, self.weights)
            device = devices.choose(self.device, advise_labelling(self.architecture))
            self._cache["inference"] = Inference(self.architecture, flat, device)
        return self._cache["inference"]

    def _draws(self, raw: np.ndarray) -> np.ndarray:
        """Draw standard normal noise for each component and frame: (k, n, n_z)."""
        a = self.architecture
        return draws.component_noise(raw, self.seed, a.k, a.n_z)

    def _chunks(
        self, rows: Dataset, n: int | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the frames in chunks of `n` (default: `chunk_frames`), as they are and scaled."""
        for raw in rows.chunks(n or self.inference.chunk_frames):
            if not np.isfinite(raw).all():
                rows.check_finite()
            yield raw, self.scaling.apply(raw)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle or copy."""
        # Compiled functions cannot leave their process.
        return {**self.__dict__, "_cache": {}}
