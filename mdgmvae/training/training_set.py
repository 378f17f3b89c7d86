"""Between the estimator and the training loop: which rows train, which are held out, resuming."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..kinetics.lumping import grouping, states_of_components
from ..network import draws
from ..network.architecture import Architecture, kinetic_weight
from ..progress import progress_bar
from ..segments import within_lag
from .checkpoint import Checkpoint
from .covariances import SoftCovariances, pairs_of_step, ridge_of
from .dataset import Rows
from .lagged_pairs import TimePairs
from .scaling import Scaling

if TYPE_CHECKING:
    from ..network.inference import Inference
    from .loop import (
        Batches,
        Fit,
        Options,
        State,
        Validation,
    )
    from .replicas import OneDevice, Replicas

#: Held-out rows come in this many pieces of neighbouring frames, spread over the data:
#: neighbours in time are nearly copies, so single rows drawn at random would not be held out.
N_HELD_OUT_PIECES = 20
#: A held-out piece is at least so many lags long, where there is a lag.
LAGS_IN_PIECE = 20
#: Where the data are too short for that, a held-out piece has at least so many lags.
FEWEST_LAGS_IN_PIECE = 4
#: Rows by which the weights are checked after each epoch.
N_PROBES = 64


def hold_out(
    n_rows: int,
    fraction: float,
    lengths: Sequence[int],
    rng: np.random.Generator,
    lag: int = 0,
) -> Split:
    """Which rows train and which are held out: pieces of neighbouring rows, `fraction` of all.

    With a lag, pieces are many lags long, fewer where the data are short, and the rows within
    one lag of them do not train. Nothing is held out where pieces would be shorter than
    `FEWEST_LAGS_IN_PIECE` lags.
    """
    everything = np.ones(n_rows, bool)
    if fraction == 0:
        return Split(everything, ~everything)
    n_blocks = max(2, round(N_HELD_OUT_PIECES / fraction))
    if lag:
        # No block may be longer than what is to be held out in all.
        n_blocks = max(min(n_blocks, n_rows // (LAGS_IN_PIECE * lag)), ceil(1 / fraction))
        if n_rows < n_blocks * FEWEST_LAGS_IN_PIECE * lag:
            return Split(everything, ~everything)
    edges = {*np.linspace(0, n_rows, n_blocks + 1).astype(int), *np.cumsum([0, *lengths])}
    blocks = list(zip(sorted(edges)[:-1], sorted(edges)[1:], strict=True))
    held_out = np.zeros(n_rows, bool)
    n_left = round(fraction * n_rows)
    for block in rng.permutation(len(blocks)):
        start, stop = blocks[block]
        if stop - start <= n_left:
            held_out[start:stop] = True
            n_left -= stop - start
    return Split(~within_lag(held_out, lag), held_out)


@dataclass(frozen=True, eq=False)
class Split:
    """Rows that train and rows that are held out: two masks of shape (n_rows,)."""

    train: np.ndarray
    held_out: np.ndarray


class ScaledRows:
    """The rows as the training loop wants them (`training.Data`)."""

    def __init__(
        self,
        rows: Rows,
        scaling: Scaling,
        split: Split,
        lengths: Sequence[int],
        architecture: Architecture,
        options: Options,
        lag: int | None,
        device: str,
    ) -> None:
        self._rows, self._scale = _scaled(rows, scaling)
        self._is_scaled = self._rows is not rows
        self._lengths = lengths
        self._keep = None if split.train.all() else split.train
        self._held_out = split.held_out
        self._architecture = architecture
        self._options = options
        self._device = device
        self.n_rows = len(rows)
        self._pairs = self._held_out_pairs = None
        self.ridge = 0.0
        if options.objective.uses_pairs:
            assert lag is not None
            self._pairs = TimePairs.within(lengths, lag, self._keep)
            self.ridge = ridge_of(self._pairs.n_pairs)
            if split.held_out.any():
                self._held_out_pairs = TimePairs.if_any(lengths, lag, split.held_out)

    @property
    def block_rows(self) -> int:
        """The most rows of a block, a multiple of the batch size."""
        a = self._architecture
        n_wanted = 0 if self._pairs is None else pairs_of_step(a.k)
        # Beside each row there is its noise, in the training.
        return self._rows.block_rows(self._options.batch_size, n_wanted, 4 * a.k * a.n_z)

    @cached_property
    def _probe(self) -> np.ndarray:
        starts = np.unique(np.linspace(0, len(self._rows) - 1, N_PROBES).astype(int))
        return self._scale(self._rows.take(starts))

    def held(self) -> np.ndarray | None:
        """All rows, (n_rows, n_x), where they are in memory and scaled."""
        return self._rows.held if self._is_scaled else None

    def epoch(self, rng: np.random.Generator, numbers_only: bool) -> Iterable[Batches]:
        """The training rows, or their numbers, in a new random order, in blocks of batches."""
        from .loop import Batches

        lags = [0] if self._pairs is None else [0, self._pairs.lag]
        for numbers, rows in self._rows.shuffled(
            rng,
            self._options.batch_size,
            self._keep,
            () if numbers_only else lags,
            self.block_rows,
        ):
            if numbers_only:
                last = self.n_rows - 1
                blocks = [np.minimum(numbers + lag, last).astype(np.int32) for lag in lags]
            else:
                blocks = [self._scale(part) for part in rows]
            if self._pairs is not None:
                has_partner = self._pairs.has_partner[numbers].astype(np.float32)
                blocks.append(has_partner[:, np.newaxis])
            yield Batches(*blocks)

    def is_sound(self, flat: np.ndarray) -> bool:
        """Whether the loss of rows spread over the data is finite with these weights."""
        a = self._architecture
        noise_z = np.zeros((a.k, len(self._probe), a.n_z), np.float32)
        loss = self._inference(flat).loss(self._probe, noise_z, self._options.r_nent)
        return bool(np.isfinite(loss).all())

    def validate(self, flat: np.ndarray) -> Validation:
        """The loss of the rows held out, VAMP-2 of all training pairs and of those held out.

        The weights of the terms are the final ones, the noise is the same at every epoch.
        """
        from .loop import Validation

        values: dict[str, float] = {}
        inference = self._inference(flat)
        loss = self._held_out_loss(inference)
        if self._options.vamp_weight > 0 and self._pairs is not None:
            values["vamp2"] = self._covariances(inference, self._pairs).vamp2()
            if loss is not None and self._held_out_pairs is not None:
                held_out = self._covariances(inference, self._held_out_pairs)
                values["val_vamp2"] = held_out.vamp2()
                weight = kinetic_weight(self._options.vamp_weight, self._architecture.n_x)
                loss -= weight * values["val_vamp2"]
        if loss is not None:
            values["val_loss"] = loss
        return Validation(values, loss)

    def groups(self, flat: np.ndarray) -> np.ndarray:
        """Which components are one metastable state, by the labels of the training rows."""
        assert self._pairs is not None, "asked for with a kinetic term only"
        k, inference = self._architecture.k, self._inference(flat)
        labels = np.concatenate(
            [
                inference.probabilities(self._scale(raw)).argmax(axis=1)
                for raw in self._rows.chunks()
            ]
        )
        if self._keep is not None:
            labels[~self._keep] = -1
        lag = self._pairs.lag
        return grouping(states_of_components(labels, k=k, lag=lag, lengths=self._lengths))

    def _held_out_loss(self, inference: Inference) -> float | None:
        if not self._held_out.any():
            return None
        a, total, n = self._architecture, 0.0, 0
        for raw, target in self._held_out_rows():
            noise = draws.component_noise(raw, self._options.seed, a.k, a.n_z)
            x = self._scale(raw)
            decoded = x if target is None else self._scale(target)
            loss = inference.loss(x, noise, self._options.r_nent, decoded)
            total, n = total + float(loss.sum(dtype=np.float64)), n + len(raw)
        return total / n

    def _held_out_rows(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        if self._options.decoder_target == "lagged" and self._held_out_pairs is not None:
            yield from self._held_out_pairs.chunks(self._rows)
            return
        for raw in self._rows.chosen_chunks(self._held_out):
            yield raw, None

    def _covariances(self, inference: Inference, pairs: TimePairs) -> SoftCovariances:
        q = pairs.chunks(self._rows, lambda raw: inference.probabilities(self._scale(raw)))
        return SoftCovariances.of(q)

    def _inference(self, flat: np.ndarray) -> Inference:
        from ..network.inference import Inference

        return Inference(self._architecture, flat, self._device)


def _scaled(rows: Rows, scaling: Scaling) -> tuple[Rows, Callable[[np.ndarray], np.ndarray]]:
    """The rows, scaled once and for all where they fit into memory, and what is left to do."""
    if rows.on_disk or not rows.may_be_held(scaling.n_x):
        return rows, scaling.apply
    x = np.empty((len(rows), scaling.n_x), np.float32)
    done = 0
    for chunk in rows.chunks():
        x[done : done + len(chunk)] = scaling.apply(chunk)
        done += len(chunk)
    return Rows(x, rows.max_memory), lambda scaled: scaled


def fit(
    data: ScaledRows,
    architecture: Architecture,
    options: Options,
    place: OneDevice | Replicas,
    checkpoint: Checkpoint | None,
    verbose: bool | None,
    *,
    initial: np.ndarray | None = None,
    title: str = "training",
) -> list[Fit]:
    """Run the training loop with a progress bar, from the checkpoint where there is one."""
    from .loop import train

    state = checkpoint.load() if checkpoint else None
    if checkpoint:
        reached = 0 if state is None else state.epoch
        if place.agree(float(reached)) != reached:
            raise InputError(
                f"{checkpoint.path}: not all processes of this training see this checkpoint; put "
                "it on a file system that they share"
            )
    latest: list[State] = []
    total = options.n_epochs if options.stop_after is None else options.stop_after
    with progress_bar(total, title, "epochs", verbose=verbose) as progress:

        def on_epoch(state: State) -> None:
            latest[:] = [state]
            progress.update(state.epoch - progress.n)
            losses = [r.history["loss"][-1] for r in state.restarts if r.history]
            progress.set_postfix_str(f"loss {min(losses, default=np.nan):.3f}", refresh=False)
            if checkpoint:
                checkpoint.save_now_and_then(state)

        try:
            return train(
                data,
                architecture,
                options,
                place,
                initial=initial,
                on_epoch=on_epoch,
                resume=state,
            )
        finally:
            # An interrupt loses nothing, and a training that has ended is not done again.
            if checkpoint and latest:
                checkpoint.save(latest[0])


def best(fits: Sequence[Fit]) -> Fit:
    """The restart to keep: the lowest loss, of those whose loss stayed finite."""
    return min(fits, key=lambda fit: (fit.diverged, fit.loss))


def digest(rows: Rows) -> dict[str, Any]:
    """What tells these data from others: shape and a checksum of all rows."""
    checksum = 0
    for chunk in rows.chunks():
        checksum = zlib.crc32(np.ascontiguousarray(chunk).data, checksum)
    return {"shape": [len(rows), rows.n_columns], "checksum": checksum}
