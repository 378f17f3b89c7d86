"""The explorer as one offline page, with as many structures as the size allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InputError
from .mapped_frames import MappedFrames
from .molecule import Molecule
from .packing import pack
from .page import offline_page
from .scripts import bundle

#: Frames whose packed size tells how many fit.
_PROBED = 64
_LEVELS = 65535
#: Size of what is beside script, points and structures.
_REST = 3000
#: Largest size of the packed row and time of a structure.
_ROW_AND_TIME = 11
#: Reading more structures would take too long.
_MOST_STORED = 20_000
_STYLE = (
    ":root { color-scheme: light dark; } html, body { margin: 0; height: 100%; }\n"
    "@media screen { #explorer { height: 100dvh; min-height: 480px; } }\n"
    "@media screen and (max-width: 640px) { #explorer { min-height: 760px; } }\n"
)
_BODY = (
    '<main id="explorer"></main>\n<noscript>This page needs JavaScript to show structures; it '
    "loads nothing from elsewhere.</noscript>"
)
_OPEN = """
const opened = openPage(
  document.getElementById("explorer"),
  JSON.parse(document.getElementById("data").textContent),
);
opened.catch((error) => document.body.prepend(`This page cannot be shown: ${error.message}`));
"""


def explorer_page(molecule: Molecule, mapped: MappedFrames, title: str, max_bytes: int) -> str:
    """Make the page.

    Parameters
    ----------
    molecule : Molecule
    mapped : MappedFrames
    title : str
    max_bytes : int
        Largest size of the page. If the structures of all frames do not fit, states share the
        space equally. If the points need more than half of it, some of them are left out, too.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If not even the structure of one frame of each state fits.
    """
    script = bundle("page") + _OPEN
    rows = mapped.rows
    room = max_bytes - len(script) - _REST
    points = _packed_points(mapped)
    size = sum(len(points[name]) for name in ("points", "labels", "frames"))
    kept = np.arange(len(mapped.labels))
    if size > room / 2:
        kept = _spread(kept, max(1, int(len(kept) * max(room, 0) / 2 / size)))
        size = int(size * len(kept) / len(mapped.labels))
    probe = molecule.snapshots(mapped.frames[_spread(rows, _PROBED)]).to_json()
    packed = sum(len(part or "") for part in (probe["xyz"], probe["structure"]))
    each = packed / probe["n"] + _ROW_AND_TIME
    n_stored = min(int((room - size) / each), _MOST_STORED)
    if n_stored < len(np.unique(mapped.labels[rows])):
        raise InputError(
            f"max_size: the page cannot hold a structure of each state in {max_bytes:,} bytes; "
            "allow more"
        )
    stored = balanced_rows(mapped.labels, n_stored)
    some = mapped
    if len(kept) < len(mapped.labels):
        kept = np.union1d(kept, stored)
        some = mapped.some(kept)
        points = _packed_points(some)
    structures = molecule.snapshots(mapped.frames[stored])
    data: dict[str, Any] = {
        **some.content(),
        **points,
        "stored": pack(np.searchsorted(kept, stored).astype(np.int32)),
        "topology": molecule.topology(),
        "times": pack(mapped.times_of(stored, structures.times).astype(np.float32)),
        "structures": structures.to_json(),
        "total": len(mapped.labels),
        "note": _note(len(mapped.labels), len(kept), len(stored), len(rows)),
    }
    return offline_page(title, _STYLE, _BODY, script, data)


def balanced_rows(labels: np.ndarray, n: int) -> np.ndarray:
    """Choose rows of all states, evenly spaced within each.

    Parameters
    ----------
    labels : ndarray of int of shape (n_rows,)
        State of each row; rows with -1 are not chosen.
    n : int
        How many to choose at most. States share them equally; what a rare state does not need is
        for the others.

    Returns
    -------
    ndarray of int64
        Sorted rows.

    Examples
    --------
    >>> balanced_rows(np.array([0, 0, 0, 0, 0, 1, -1]), 3)
    array([0, 4, 5])
    """
    states, counts = np.unique(labels[labels >= 0], return_counts=True)
    left, chosen = n, []
    for place, index in enumerate(np.argsort(counts, kind="stable")):
        share = min(int(counts[index]), left // (len(states) - place))
        chosen.append(_spread(np.flatnonzero(labels == states[index]), share))
        left -= share
    return np.sort(np.concatenate(chosen))


def _spread(rows: np.ndarray, n: int) -> np.ndarray:
    """Choose up to n evenly spaced rows."""
    if n >= len(rows):
        return rows
    found: np.ndarray = rows[np.linspace(0, len(rows) - 1, n).astype(np.int64)]
    return found


def _packed_points(mapped: MappedFrames) -> dict[str, Any]:
    """Pack points, labels and frame numbers, with the smallest coordinates and their steps."""
    has_point = np.isfinite(mapped.points).all(axis=1)
    low = mapped.points.min(axis=0, where=has_point[:, None], initial=np.inf).astype(np.float64)
    high = mapped.points.max(axis=0, where=has_point[:, None], initial=-np.inf).astype(np.float64)
    span = np.where(high > low, high - low, 1.0)
    # Frames without a state may lack a point. They are not drawn where others are.
    points = np.where(has_point[:, None], mapped.points, low)
    return {
        "low": low.tolist(),
        "step": ((high - low) / _LEVELS).tolist(),
        "points": pack(np.rint((points - low) / span * _LEVELS).astype(np.uint16)),
        "labels": pack(mapped.labels),
        # Differences are mostly equal, so they are packed into almost nothing.
        "frames": pack(np.diff(mapped.frames, prepend=0).astype(np.int32)),
    }


def _note(n_points: int, n_kept: int, n_stored: int, n_rows: int) -> str | None:
    notes = []
    if n_stored < n_rows:
        notes.append(
            f"{n_stored:,} of {n_rows:,} structures are stored; a click shows the nearest of them."
        )
    if n_kept < n_points:
        notes.append(f"{n_kept:,} of {n_points:,} points are drawn.")
    return " ".join(notes) or None
