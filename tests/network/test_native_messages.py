"""What native code writes to standard error goes to the log."""

import logging
import os

from mdgmvae.network import native_messages
from mdgmvae.network.native_messages import native_messages_logged


def test_messages_are_logged_once(caplog, capfd, monkeypatch):
    """Blocks may be nested: looking for devices imports TensorFlow."""
    monkeypatch.setattr(native_messages, "_WANTED", False)
    with (
        caplog.at_level(logging.DEBUG, "mdgmvae"),
        native_messages_logged(),
        native_messages_logged(),
    ):
        os.write(2, b"found no GPU\n")
    assert caplog.messages == ["found no GPU"]
    os.write(2, b"seen\n")
    assert capfd.readouterr().err.endswith("seen\n")
