"""Fit VAMPnet and SPIB in an environment with PyTorch, on request of `torch_methods`.

Each line on standard input is a request in JSON. The answer on standard output is "done" and the
seconds of processor time that it took. Arrays are passed in .npy files. Only packages of that
environment are imported: torch, deeptime and spib.
"""

import contextlib
import copy
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch
from deeptime.decomposition.deep import VAMPNet
from spib.spib import SPIB
from spib.utils import TimeLaggedDataset
from torch import nn

Label = Callable[[torch.Tensor], np.ndarray]

# VAMPnet: with a learning rate of 1e-3 and up to 200 epochs it found the rings less often.
WIDTH, BATCH, LR = 64, 1_000, 3e-3
MOST_EPOCHS, PATIENCE, RESTARTS = 100, 10, 2
#: Each block of this many pairs in a row is held out, or trained on, as a whole.
BLOCK = 100


def vampnet(segments: list[torch.Tensor], lag: int, n_states: int) -> Label:
    """Mardt, Pasquali, Wu & Noé, Nat. Commun. 9, 5 (2018): two hidden layers, softmax, VAMP-2.

    Returns the probabilities of the states. Of the restarts, the one with the highest score on a
    tenth of the blocks is kept, from the epoch in which this score was highest.
    """
    before = torch.cat([segment[:-lag] for segment in segments])
    after = torch.cat([segment[lag:] for segment in segments])
    blocks = torch.arange(len(before)) // BLOCK
    held_out = torch.isin(blocks, torch.randperm(int(blocks[-1]) + 1)[: len(blocks.unique()) // 10])
    validation = before[held_out], after[held_out]
    before, after = before[~held_out], after[~held_out]
    best, kept = -np.inf, None
    for _ in range(RESTARTS):
        layers = [before.shape[1], WIDTH, WIDTH]
        hidden = [m for pair in itertools.pairwise(layers) for m in (nn.Linear(*pair), nn.ELU())]
        lobe = nn.Sequential(*hidden, nn.Linear(WIDTH, n_states), nn.Softmax(dim=1))
        net = VAMPNet(lobe=lobe, learning_rate=LR, score_method="VAMP2")
        highest, since = -np.inf, 0
        for _ in range(MOST_EPOCHS):
            for batch in torch.randperm(len(before)).split(BATCH):
                if len(batch) == BATCH or len(before) < BATCH:
                    net.partial_fit((before[batch], after[batch]))
            score, since = float(net.validate(validation)), since + 1
            if score > highest:
                highest, since = score, 0
            if score > best:
                best, kept = score, copy.deepcopy(lobe)
            if since >= PATIENCE:
                break
    return lambda frames: kept(frames).numpy()


def spib(segments: list[torch.Tensor], starts: list[np.ndarray], lag: int, folder: str) -> Label:
    """Wang & Tiwary, J. Chem. Phys. 154, 134111 (2021): states that predict the state a lag later.

    It starts from given states and merges them.
    """
    n_starts = int(max(start.max() for start in starts)) + 1
    frames = [segment.numpy() for segment in segments]
    data = TimeLaggedDataset(frames, starts, lagtime=lag, output_dim=n_starts)
    # The second data set only reports a loss. It does not end the training.
    reported = TimeLaggedDataset(frames[:1], starts[:1], lagtime=lag, output_dim=n_starts)
    model = SPIB(n_starts, (frames[0].shape[1],), lagtime=lag, path=f"{folder}/spib")
    try:
        model.fit(data, reported, batch_size=512, tolerance=0.002, patience=0, refinements=8)
    except ValueError:  # only one state is left
        return lambda frames: np.zeros(len(frames), np.int64)
    return lambda frames: model.transform(frames, batch_size=4_096)[0].numpy()


def fitted(request: dict) -> Label:
    """Fit a method to standardised frames; return a function of frames.

    It returns labels (SPIB) or the probabilities of the states (VAMPnet).
    """
    X, lengths, lag = np.load(request["frames"]), request["lengths"], request["lag"]
    torch.manual_seed(request["seed"])
    np.random.seed(request["seed"])  # noqa: NPY002, spib draws from it
    mean, spread = X.mean(axis=0), X.std(axis=0)
    spread[spread == 0] = 1.0

    def scaled(frames: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(((frames - mean) / spread).astype(np.float32))

    edges = np.cumsum(lengths)[:-1]
    long_enough = [i for i, n in enumerate(lengths) if n > lag]
    parts = np.split(X, edges)
    segments = [scaled(parts[i]) for i in long_enough]
    if request["method"] == "VAMPnet":
        label = vampnet(segments, lag, request["n_states"])
    else:
        starts = np.split(np.load(request["start"]), edges)
        with tempfile.TemporaryDirectory() as folder:
            label = spib(segments, [starts[i] for i in long_enough], lag, folder)

    def found(frames: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return label(scaled(frames))

    return found


def main() -> None:
    torch.set_num_threads(1)
    answers = sys.stdout
    label = None
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        request, began = json.loads(line), time.process_time()
        with contextlib.redirect_stdout(None):  # spib reports each epoch
            if request["do"] == "fit":
                label = fitted(request)
            else:
                np.save(request["out"], label(np.load(request["frames"])))
        print(f"done {time.process_time() - began:.3f}", file=answers, flush=True)


if __name__ == "__main__":
    main()
