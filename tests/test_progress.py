"""Progress bars are drawn on standard error, on a terminal or on request."""

import io
import sys

import pytest

from mdgmvae.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "verbose", "drawn"),
    [
        (Terminal, None, True),
        (io.StringIO, None, False),
        (io.StringIO, True, True),
        (Terminal, False, False),
    ],
)
def test_where_bars_are_drawn(stream, verbose, drawn, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", stream())
    with progress_bar(3, "reading frames", "frames", verbose=verbose) as bar:
        bar.update(3)
    text = sys.stderr.getvalue()
    assert ("reading frames: 100%" in text and "3/3" in text and " frames" in text) == drawn
    assert bool(text) == drawn
    assert capsys.readouterr().out == ""
