"""Few frames of many features: which states are found in noise and in data with known states.

Prints a table for docs/guides/how-many-frames.md. Preset "robust", lag 5 frames, k=5.
Usage: python benchmarks/few_frames.py [seeds]
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import MDAnalysis as mda
import numpy as np
from machine import describe
from MDAnalysisTests.datafiles import DCD, PSF
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.data.toys import five_wells
from mdgmvae.featurizers import featurize


def data() -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
    """Yield names, features, and the true states where they are known."""
    rng = np.random.default_rng(0)
    for shape in ((98, 852), (500, 200), (1000, 400)):
        yield "white noise", rng.normal(size=shape), np.zeros(shape[0], int)
    for shape in ((98, 100), (98, 852), (500, 200)):
        yield "noise forgotten in 2 frames", forgotten(rng, *shape), np.zeros(shape[0], int)
    for n_frames in (200, 500, 1000, 2000):
        wells = five_wells(1, n_frames, seed=1)
        x = (wells.X - wells.X.mean(axis=0)) / wells.X.std(axis=0)
        beside = np.hstack([x, rng.normal(size=(n_frames, 497))])
        yield "five wells beside 497 columns of noise", beside, wells.labels
        mixed = x @ rng.normal(size=(3, 500)) / np.sqrt(3) + rng.normal(size=(n_frames, 500))
        yield "five wells spread over 500 noisy columns", mixed, wells.labels
    adk = mda.Universe(PSF, DCD)
    with tempfile.TemporaryDirectory() as folder:
        for features in ("dihedrals", "ca_distances"):
            found = featurize(adk, features, select="protein", out=Path(folder, "x.npy"))
            yield f"AdK, closed to open, {features}", np.array(found.values), None


def forgotten(rng: np.random.Generator, n_frames: int, n_columns: int) -> np.ndarray:
    """Return noise whose autocorrelation decays as exp(-t / 2)."""
    r = np.exp(-0.5)
    x = rng.normal(size=(n_frames, n_columns))
    for t in range(1, n_frames):
        x[t] = r * x[t - 1] + np.sqrt(1 - r**2) * x[t]
    return x


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print(describe(), "\n")
    print("| data | frames | features | directions | states | changes | adjusted Rand index |")
    print("| --- | --: | --: | --: | --- | --- | --- |")
    for name, x, truth in data():
        models = [
            GMVAE.from_preset("robust", seed=seed, verbose=False).fit(x.astype(np.float32))
            for seed in seeds
        ]
        labels = [model.predict_states(x.astype(np.float32)) for model in models]
        states = ", ".join(str(model.n_states_) for model in models)
        changes = ", ".join(str(np.count_nonzero(np.diff(found))) for found in labels)
        known = truth is not None and len(np.unique(truth)) > 1
        agreement = (
            ", ".join(f"{adjusted_rand_score(truth, found):.2f}" for found in labels)
            if known
            else "-"
        )
        n = models[0].architecture_.n_x
        print(
            f"| {name} | {x.shape[0]:,} | {x.shape[1]:,} | {n} | {states} | {changes} | "
            f"{agreement} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
