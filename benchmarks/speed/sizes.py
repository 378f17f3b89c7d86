"""The sizes of networks for which speed is measured."""

import numpy as np

PAPER = {"qy_dims": (32,), "qz_dims": (16,), "pz_dims": (16,), "px_dims": (128,)}
WIDE = dict.fromkeys(PAPER, (256, 256))
TWO_LAYERS = {"qy_dims": (64, 64), "qz_dims": (32, 32), "pz_dims": (32, 32), "px_dims": (128, 128)}

#: Hyperparameters and batch size.
SIZES: dict[str, tuple[dict, int]] = {
    "S": ({"k": 5, "n_x": 3, "n_z": 1, **PAPER}, 517),
    "M": ({"k": 10, "n_x": 45, "n_z": 2, **TWO_LAYERS}, 517),
    "L": ({"k": 10, "n_x": 1000, "n_z": 3, **WIDE}, 1000),
    "robust": ({"k": 5, "n_x": 10, "n_z": 2, **PAPER}, 517),
    "XL": ({"k": 20, "n_x": 5000, "n_z": 3, **WIDE}, 1000),
}
#: Steps in a round; the fastest contestant takes about half a second.
STEPS = {"S": 400, "M": 30, "L": 2, "XL": 1, "robust": 100}
#: Weight and lag of the kinetic term of preset "robust"; the other contestants have no such term.
KINETIC = {"robust": (1.5, 5)}
LR, R_NENT = 1e-4, 0.05


def chosen(size: str) -> tuple[dict, int, int]:
    """Return hyperparameters, batch size and number of steps in a round.

    "S" is one of `SIZES`. "S,k=20,batch_size=100,n_steps=50" is the same with some values changed.
    """
    name, *changes = size.split(",")
    settings, batch_size = SIZES[name]
    values = {**settings, "batch_size": batch_size, "n_steps": STEPS[name]}
    for change in changes:
        key, _, number = change.partition("=")
        if key not in values:
            raise ValueError(f"{size}: {key} is none of {', '.join(values)}")
        values[key] = int(number)
    batch_size, n_steps = values.pop("batch_size"), values.pop("n_steps")
    return values, batch_size, n_steps


def frames(size: str) -> np.ndarray:
    """Return random frames for one round; speed does not depend on their values."""
    settings, batch_size, n_steps = chosen(size)
    shape = n_steps * batch_size, settings["n_x"]
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
