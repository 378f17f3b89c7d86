"""Validation of the weights after each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..kinetics.covariances import Covariances
from ..kinetics.lumping import grouping, states_of_components
from ..network import draws
from ..network.architecture import Architecture, kinetic_weight
from ..network.inference import Inference
from ..presets import Hyperparameters
from .lagged_pairs import LaggedPairs, ridged_vamp2
from .training_set import TrainingSet

#: Number of frames for which the loss must be finite after each epoch.
N_PROBES = 64
#: Number of frames whose states are compared before and after each epoch.
N_COMPARED = 1024


@dataclass(frozen=True)
class Validation:
    """Validation scores of a set of weights.

    Parameters
    ----------
    values : dict of str to float
        Values for the history: "val_loss", "vamp2" and "val_vamp2", if available.
    loss : float or None
        The loss by which weights are compared. None if no frames are held out.
    """

    values: dict[str, float]
    loss: float | None


@dataclass(frozen=True, eq=False)
class Validator:
    """Scores weights on the frames of a training set.

    Parameters
    ----------
    training_set : TrainingSet
    architecture : Architecture
    hyperparameters : Hyperparameters
    seed : int
        Seed of the noise, which is the same in each epoch.
    device : str
        The device to compute on, from `network.devices.choose`.
    """

    training_set: TrainingSet
    architecture: Architecture
    hyperparameters: Hyperparameters
    seed: int
    device: str

    def has_finite_loss(self, flat: np.ndarray) -> bool:
        """Return whether the loss of frames spread over the data is finite with these weights."""
        a = self.architecture
        noise = np.zeros((1, a.k, len(self._probe), a.n_z), np.float32)
        loss = self._inference(flat).loss(self._probe, noise, self.hyperparameters.r_nent)
        return bool(np.isfinite(loss).all())

    def validate(self, flat: np.ndarray) -> Validation:
        """Score weights, with the loss terms weighted as at the end of the training.

        Returns
        -------
        Validation
            The loss of the held-out frames, with the kinetic term of their pairs, and the VAMP-2
            scores.
        """
        values: dict[str, float] = {}
        inference = self._inference(flat)
        loss = self._held_out_loss(inference)
        vamp_weight, pairs = self.hyperparameters.vamp_weight, self.training_set.pairs
        if vamp_weight > 0 and pairs is not None:
            values["vamp2"] = self._vamp2(inference, pairs)
            if loss is not None and self._held_out_pairs is not None:
                values["val_vamp2"] = self._vamp2(inference, self._held_out_pairs)
                loss -= kinetic_weight(vamp_weight, self.architecture.n_x) * values["val_vamp2"]
        if loss is not None:
            values["val_loss"] = loss
        return Validation(values, loss)

    def groups(self, flat: np.ndarray) -> np.ndarray:
        """Lump the components into states, using the frames for training.

        Returns
        -------
        ndarray of shape (k, k), float32
            1 if the component (row) belongs to the state (column), else 0.
        """
        data, k = self.training_set, self.architecture.k
        assert data.pairs is not None, "only a kinetic term asks for states"
        inference = self._inference(flat)
        labels = np.concatenate(
            [
                inference.probabilities(data.scale(chunk)).argmax(axis=1)
                for chunk in data.dataset.chunks()
            ]
        )
        labels[~data.split.train] = -1
        states = states_of_components(labels, k=k, lag=data.pairs.lag, lengths=data.lengths)
        return grouping(states)

    def changed(self, before: np.ndarray, after: np.ndarray, groups: np.ndarray | None) -> float:
        """Compute the share of frames whose state differs between two sets of weights.

        Parameters
        ----------
        before, after : ndarray of float32
            All weights.
        groups : ndarray of shape (k, k), float32, or None
            The states of the components as a matrix; None if each component is a state.
        """
        k = self.architecture.k
        states = np.arange(k) if groups is None else groups.argmax(axis=1)
        first, second = (
            states[self._inference(flat).probabilities(self._compared).argmax(axis=1)]
            for flat in (before, after)
        )
        return float(np.mean(first != second))

    @cached_property
    def _probe(self) -> np.ndarray:
        """Scaled frames, spread evenly over the data."""
        return self._spread_out(N_PROBES)

    @cached_property
    def _compared(self) -> np.ndarray:
        """Scaled frames, spread evenly over the data."""
        return self._spread_out(N_COMPARED)

    def _spread_out(self, n: int) -> np.ndarray:
        dataset = self.training_set.dataset
        numbers = np.unique(np.linspace(0, len(dataset) - 1, n).astype(int))
        return self.training_set.scale(dataset.take(numbers))

    @cached_property
    def _held_out_pairs(self) -> LaggedPairs | None:
        """Pairs of held-out frames. None if pairs are not used or there are none."""
        data = self.training_set
        if data.pairs is None or not data.split.held_out.any():
            return None
        return LaggedPairs.within_or_none(data.lengths, data.pairs.lag, data.split.held_out)

    def _held_out_loss(self, inference: Inference) -> float | None:
        """Return the mean loss of the held-out frames, without the kinetic term."""
        if not self.training_set.split.held_out.any():
            return None
        a, scale, total, n = self.architecture, self.training_set.scale, 0.0, 0
        for frames, targets in self._held_out_frames():
            noise = draws.component_noise(frames, self.seed, a.k, a.n_z)
            x = scale(frames)
            decoded = x if targets is None else scale(targets)
            loss = inference.loss(x, noise[np.newaxis], self.hyperparameters.r_nent, decoded)
            total, n = total + float(loss.sum(dtype=np.float64)), n + len(frames)
        return total / n

    def _held_out_frames(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield the held-out frames, and the frames to decode if they are different ones."""
        dataset, split = self.training_set.dataset, self.training_set.split
        if self.hyperparameters.decoder_target == "lagged" and self._held_out_pairs is not None:
            yield from self._held_out_pairs.chunks(dataset)
            return
        for frames in dataset.kept_chunks(split.held_out):
            yield frames, None

    def _vamp2(self, inference: Inference, pairs: LaggedPairs) -> float:
        """Return the VAMP-2 score of q(y|x) for the pairs."""
        data = self.training_set
        q = pairs.chunks(data.dataset, lambda frames: inference.probabilities(data.scale(frames)))
        return ridged_vamp2(Covariances.of(q))

    def _inference(self, flat: np.ndarray) -> Inference:
        return Inference(self.architecture, flat, self.device)
