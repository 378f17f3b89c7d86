"""Error and cost of the scores of frames as a function of the number of quadrature points.

Usage: python benchmarks/scores.py

Trains preset "robust" on the embedded alanine dipeptide. The scores of every tenth frame are
compared with those of a rule of 15 points per dimension.
"""

import time

import MDAnalysis as mda
import numpy as np

from mdgmvae import GMVAE, featurize
from mdgmvae.data import alanine_dipeptide
from mdgmvae.network import draws


def main() -> None:
    """Print a line for each number of points per dimension."""
    features = featurize(mda.Universe(*alanine_dipeptide()), "dihedrals", verbose=False)
    model = GMVAE.from_preset("robust", seed=0, verbose=False).fit(features)
    frames = np.array(features.values[::10])
    used = draws.POINTS[2]
    model.score_samples(frames)  # compiles
    scores, seconds = {}, {}
    for n in (2, 3, 4, 5, 7, 15):
        draws.POINTS[2] = n
        start = time.process_time()
        scores[n] = model.score_samples(frames)
        seconds[n] = time.process_time() - start
    exact = scores[15]
    print(f"{len(frames):,} frames, scores {exact.mean():.2f} +- {exact.std():.2f} nats")
    print("points    CPU us/frame  mean error  root mean square  largest")
    for n, found in scores.items():
        error = found - exact
        print(
            f"{n * n:6}  {1e6 * seconds[n] / len(frames):14.0f}  {error.mean():10.4f}"
            f"  {np.sqrt(np.square(error).mean()):16.4f}  {np.abs(error).max():7.2f}"
            + ("  (used)" if n == used else "")
        )


if __name__ == "__main__":
    main()
