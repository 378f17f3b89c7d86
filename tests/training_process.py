"""A training in a process of its own, with the strategy and environment of that process.

It is forked from one that has loaded the libraries (see `command`): loading TensorFlow takes
longer than these trainings.
"""

import multiprocessing
import os
import traceback
import warnings
from typing import Any

import command  # noqa: F401  (says what the process that is forked from loads)

from mdgmvae import GMVAE
from mdgmvae.data.toys import five_wells

_context = multiprocessing.get_context("forkserver")


class TrainingProcess:
    """Trains with each of `settings` and sends back what each training gave.

    Parameters
    ----------
    strategy : {"mirrored", "multiworker"}
        ``"mirrored"`` trains on two devices that share the processor.
    settings : list of dict
        Arguments of `GMVAE.from_preset`, for one training each.
    checkpoint : str
        Path of the checkpoint, or empty for none.
    environment
        Variables of the environment.
    """

    def __init__(
        self,
        strategy: str,
        settings: list[dict[str, Any]],
        checkpoint: str = "",
        **environment: str,
    ) -> None:
        self._receiver, sender = _context.Pipe(duplex=False)
        arguments = (sender, strategy, settings, checkpoint, environment)
        self._process = _context.Process(target=_train, args=arguments)
        self._process.start()
        sender.close()

    def finish(self, seconds: float = 300) -> tuple[list[Any] | None, str]:
        """Wait for the end; return the history and labels of each training, and the error."""
        try:
            found = self._receiver.recv() if self._receiver.poll(seconds) else (None, "timed out")
        except EOFError:
            found = None, "the process ended without an answer"
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        return found


def _train(
    sender: Any,
    strategy: Any,
    settings: list[dict[str, Any]],
    checkpoint: str,
    environment: dict[str, str],
) -> None:
    os.environ.update(environment)
    warnings.simplefilter("ignore")
    try:
        if strategy == "mirrored":
            strategy = _two_devices()
        x = five_wells(3, 700, seed=0, steps=5).X
        found = []
        for given in settings:
            model = GMVAE.from_preset(**given, strategy=strategy, checkpoint=checkpoint or None)
            model.fit(x)
            found.append((model.history_, model.predict(x)))
        sender.send((found, ""))
    except BaseException:
        sender.send((None, traceback.format_exc()))


def _two_devices() -> Any:
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
