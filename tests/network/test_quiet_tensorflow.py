"""TensorFlow is imported without Keras, which still works for code that uses both."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import os, sys
import numpy as np
from mdgmvae.network.quiet_tensorflow import tf

assert "keras" not in sys.modules
assert "TF_USE_LEGACY_KERAS" not in os.environ
layer = tf.keras.layers.Dense(3, kernel_initializer="ones")
from tensorflow.keras import optimizers
assert optimizers.Adam is tf.optimizers.Adam
print(layer(np.ones((1, 2), np.float32)).numpy().tolist())
"""


@pytest.mark.slow
def test_keras_is_imported_only_when_it_is_used():
    pytest.importorskip("keras")
    environment = {n: v for n, v in os.environ.items() if n != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[[2.0, 2.0, 2.0]]\n"
