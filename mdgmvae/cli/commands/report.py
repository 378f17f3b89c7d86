"""``mdgmvae report``: one page of finished results."""

from __future__ import annotations

import argparse

from ...report.write import report_folder


def report(options: argparse.Namespace) -> str:
    """Write the page, and say where it is."""
    return f"report: {report_folder(options.folder, options.out, runs=options.runs)}"
