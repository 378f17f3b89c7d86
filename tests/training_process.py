"""Train in a separate process, with its own strategy and environment.

The process is forked from one that has imported the libraries (see `command`), because importing
TensorFlow takes longer than these trainings.
"""

import multiprocessing
import os
import sys
import traceback
import warnings
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from command import _run, start_server

from mdgmvae import GMVAE
from mdgmvae.data.toys import five_wells

_context = multiprocessing.get_context("forkserver")


class TrainingProcess:
    """A process that trains with each of `settings` and sends back the results.

    Parameters
    ----------
    strategy : {"mirrored", "multiworker"}
        ``"mirrored"`` trains on two devices that share the processor.
    settings : list of dict
        Arguments of `GMVAE.from_preset` for each training.
    checkpoint : str
        Path of the checkpoint, or empty for none.
    environment
        Environment variables.
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
        """Wait for the process; return history and labels of each training, and the error."""
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


def start_command(arguments: list[str], cwd: Path, stderr: Path, task: str) -> BaseProcess:
    """Start the command as one of several processes, which `task` (TF_CONFIG) lists.

    It saves a checkpoint after each epoch, so that a test need not wait for the first one.
    """
    process = start_server().Process(
        target=_run_task, args=(task, arguments, str(cwd), os.devnull, str(stderr))
    )
    process.start()
    return process


def _run_task(task: str, *command: Any) -> None:
    from mdgmvae.training import checkpoint

    checkpoint.INTERVAL = 0.0
    os.environ["TF_CONFIG"] = task
    sys.exit(_run(*command))


def _two_devices() -> Any:
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
