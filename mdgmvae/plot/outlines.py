"""Outline and number the states on a grid of bins in two dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..landscape.grid import bin_numbers, wrapped
from .axes import size_in_points
from .palette import state_colors

#: Width of the smoothing in bins. A straight border stays where it is.
_SMOOTHING = 1.0
#: Bins along an axis from which bins are fine enough to be smoothed; coarser ones are divided.
_FINE = 40
#: Number of bins that are added around the grid, more than the smoothing reaches.
_RING = 5
#: An outline encloses areas where this share of the bins, or more, belongs to the state.
_FILLED = 0.5
#: A state that is thinner has an outline that leaves out this share of its frames.
_LEFT_OUT = 0.1
#: Parts with a smaller share of the frames of a state have no outline.
_SMALLEST_PART = 0.05
#: Holes smaller than this, relative to the state, have no outline.
_SMALLEST_HOLE = 0.1
_LINE_WIDTH = 1.5
#: Diameter of the circle around a number and size of its font, in wide and in narrow Axes, and
#: the width in points up to which Axes are narrow.
_CIRCLE, _SMALL_CIRCLE, _NARROW = (15, 9), (11, 7.5), 240
#: Smallest distance between two circles in points: the width of a line.
_GAP = 2
#: Smallest distance of a number from the border, relative to the length of the axis.
_MARGIN = 0.06


@dataclass(frozen=True, eq=False)
class _Number:
    """The number of a state, with the place where it is best, and other places."""

    state: int
    color: str
    place: np.ndarray
    others: np.ndarray


def present(states: np.ndarray) -> Iterator[tuple[int, str]]:
    """Yield each state with frames, and its colour."""
    colors = state_colors(int(states.max(initial=-1)) + 1)
    for state in np.unique(states[states >= 0]):
        yield int(state), colors[int(state)]


def draw(
    ax: Axes,
    edges: Sequence[np.ndarray],
    periods: Sequence[float | None],
    points: np.ndarray,
    states: np.ndarray,
) -> None:
    """Draw a line around each part of each state, and its number in it.

    Parameters
    ----------
    ax : matplotlib Axes
    edges : sequence of ndarray
        Bin edges of both axes.
    periods : sequence of float or None
        Period of each axis.
    points : ndarray of shape (n_frames, 2)
    states : ndarray of int of shape (n_frames,)
    """
    shown = list(present(states))
    if not shown:
        return
    counts = np.stack([np.histogramdd(points[states == s], edges)[0] for s, _ in shown])
    divided = tuple(-(-_FINE // n) for n in counts.shape[1:])
    shares = _shares(counts, divided, periods)
    edges = [
        np.linspace(edge[0], edge[-1], n * (len(edge) - 1) + 1)
        for edge, n in zip(edges, divided, strict=True)
    ]
    places = bin_numbers(wrapped(points, periods), edges)
    centers = [ringed_centers(edge) for edge in edges]
    numbers: list[_Number] = []
    for row, (state, color) in enumerate(shown):
        frames, bins = points[states == state], places[states == state]
        values = _above_level(shares, row, bins)
        _close_at_border(values, periods)
        parts = _parts(values[1:-1, 1:-1] >= 0, periods)
        part_of = parts.ravel()[bins]
        held = np.bincount(part_of, minlength=parts.max() + 1) / len(bins)
        kept = 1 + np.flatnonzero(held[1:] >= _SMALLEST_PART)
        for part in kept:
            mask = parts == part
            place = _middle(mask, frames[part_of == part], edges, periods)
            numbers.append(_Number(state, color, place, _centers(mask, edges)))
        if len(kept):
            inside = np.isin(parts, kept)
            values[ringed((parts > 0) & ~inside, 1, periods)] = -1.0
            values[ringed(_small_holes(inside, periods), 1, periods)] = 1.0
            ax.contour(*centers, values.T, levels=[0.0], colors=color, linewidths=_LINE_WIDTH)
        else:
            numbers.append(_Number(state, color, mean_of(frames, periods), frames))
    _draw_numbers(ax, numbers, edges)


def mean_of(points: np.ndarray, periods: Sequence[float | None]) -> np.ndarray:
    """Return the mean of each column, for a periodic coordinate the circular mean."""
    return np.array([_mean(*column) for column in zip(points.T, periods, strict=True)])


def ringed(
    grid: np.ndarray, width: int, periods: Sequence[float | None], beyond: float = 0
) -> np.ndarray:
    """Add bins around the last axes of a grid: periodic images, or the value `beyond`."""
    for axis, period in enumerate(periods, grid.ndim - len(periods)):
        around = [(width, width) if i == axis else (0, 0) for i in range(grid.ndim)]
        if period is None:
            grid = np.pad(grid, around, constant_values=beyond)
        else:
            grid = np.pad(grid, around, mode="wrap")
    return grid


def ringed_centers(edge: np.ndarray) -> np.ndarray:
    """Return the centres of the bins and of one more bin at each end."""
    width = edge[1] - edge[0]
    return np.concatenate([edge[:1] - width / 2, (edge[1:] + edge[:-1]) / 2, edge[-1:] + width / 2])


def _shares(
    counts: np.ndarray, divided: tuple[int, ...], periods: Sequence[float | None]
) -> np.ndarray:
    """Return the share of the bins around each bin in which a state has the most frames.

    Parameters
    ----------
    counts : ndarray of shape (n_states, n_1, n_2)
        Frames of each state in each bin.
    divided : tuple of int
        Number of parts that bins are divided into along each axis, m_1 and m_2.
    periods : sequence of float or None

    Returns
    -------
    ndarray of shape (n_states, m_1 * n_1 + 2, m_2 * n_2 + 2)
        With one bin more at each end.
    """
    width = (0.0, *(_SMOOTHING / n for n in divided))
    smooth = gaussian_filter(ringed(counts, _RING, periods), width, mode="constant")
    most = smooth.argmax(axis=0) == np.arange(len(counts))[:, None, None]
    most &= ringed(counts.sum(axis=0) > 0, _RING, periods)
    for axis, n in enumerate(divided, 1):
        most = most.repeat(n, axis)
    first, second = (slice(_RING * n - 1, 1 - _RING * n) for n in divided)
    width = (0.0, _SMOOTHING, _SMOOTHING)
    shares: np.ndarray = gaussian_filter(most.astype(float), width)[:, first, second]
    return shares


def _above_level(shares: np.ndarray, row: int, bins: np.ndarray) -> np.ndarray:
    """Return a function of the bins that is zero on the outline of a state, positive inside.

    Parameters
    ----------
    shares : ndarray of shape (n_states, n_1 + 2, n_2 + 2)
    row : int
        The state.
    bins : ndarray of int
        Bins of its frames.
    """
    own = shares[row]
    at_frames = own[1:-1, 1:-1].ravel()[bins]
    level = _FILLED
    if np.median(at_frames) < _FILLED:
        # Below the value of a bin without neighbours, which has an outline then.
        level = max(0.8 * float(np.quantile(at_frames, _LEFT_OUT)), 1e-3)
    rival = np.delete(shares, row, axis=0).max(axis=0, initial=0.0)
    lead: np.ndarray = np.minimum(own - level, own - rival)
    return lead


def _close_at_border(values: np.ndarray, periods: Sequence[float | None]) -> None:
    """Make the ring of bins around the grid the outside of a state, which smoothing reaches."""
    for axis, period in enumerate(periods):
        if period is None:
            ends = np.moveaxis(values, axis, 0)
            ends[[0, -1]] = np.minimum(ends[[0, -1]], -1e-3)


def _mean(column: np.ndarray, period: float | None) -> float:
    if period is None:
        return float(column.mean())
    turn = 2j * np.pi / period
    return float(np.angle(np.exp(turn * column).mean()) / abs(turn))


def _parts(mask: np.ndarray, periods: Sequence[float | None]) -> np.ndarray:
    """Label the connected parts of a mask from 1, with 0 outside; periodic axes are closed."""
    parts: np.ndarray
    parts, n = label(mask)
    pairs = [
        np.stack([parts.take(0, axis), parts.take(-1, axis)])
        for axis, period in enumerate(periods)
        if period is not None
    ]
    if not pairs:
        return parts
    first, last = np.concatenate(pairs, axis=1)
    both = (first > 0) & (last > 0)
    joined = coo_array((both[both], (first[both], last[both])), shape=(n + 1, n + 1))
    # The outside is a part of its own and keeps its number, because it comes first.
    numbers: np.ndarray = connected_components(joined, directed=False)[1]
    closed: np.ndarray = numbers[parts]
    return closed


def _small_holes(mask: np.ndarray, periods: Sequence[float | None]) -> np.ndarray:
    """Find the parts of the outside that the mask encloses and that are much smaller than it."""
    widths = [(1, 1) if period is None else (0, 0) for period in periods]
    beyond = ~np.pad(np.ones_like(mask), widths)
    holes = _parts(np.pad(~mask, widths, constant_values=True), periods)
    small = np.bincount(holes.ravel()) < _SMALLEST_HOLE * np.count_nonzero(mask)
    small[[0, *np.unique(holes[beyond])]] = False
    found: np.ndarray = small[holes][~beyond].reshape(mask.shape)
    return found


def _middle(
    part: np.ndarray,
    points: np.ndarray,
    edges: Sequence[np.ndarray],
    periods: Sequence[float | None],
) -> np.ndarray:
    """Return the mean of points, or the middle of the widest place of the part if it is outside."""
    mean = mean_of(points, periods)
    if part.ravel()[bin_numbers(mean[np.newaxis], edges)[0]]:
        return mean
    widest = np.unravel_index(
        distance_transform_edt(np.pad(part, 1)).argmax(), np.add(part.shape, 2)
    )
    return np.array([ringed_centers(edge)[at] for edge, at in zip(edges, widest, strict=True)])


def _centers(part: np.ndarray, edges: Sequence[np.ndarray]) -> np.ndarray:
    """Return the centres of the bins of a part, (n, 2)."""
    middles = [(edge[1:] + edge[:-1]) / 2 for edge in edges]
    bins = np.argwhere(part)
    return np.column_stack([middle[of] for middle, of in zip(middles, bins.T, strict=True)])


def _draw_numbers(ax: Axes, numbers: Sequence[_Number], edges: Sequence[np.ndarray]) -> None:
    """Write numbers of states in circles, not so near the border that they are cut off.

    A circle that would cover another one moves to the nearest place of its state that is free, or
    to the one that covers least.
    """
    low, high = (np.array([edge[end] for edge in edges]) for end in (0, -1))
    margin = _MARGIN * (high - low)
    width = size_in_points(ax)[0]
    size, font = _CIRCLE if width > _NARROW else _SMALL_CIRCLE
    in_points = np.array(size_in_points(ax)) / (high - low)
    taken = np.empty((0, 2))
    for number in numbers:
        places = np.clip(np.vstack([number.place, number.others]), low + margin, high - margin)
        apart = np.linalg.norm((places[:, np.newaxis] - taken) * in_points, axis=-1)
        nearest = np.minimum(apart.min(axis=1, initial=np.inf), size + _GAP)
        moved = np.linalg.norm((places - places[0]) * in_points, axis=-1)
        x, y = places[np.lexsort([moved, -nearest])[0]]
        taken = np.vstack([taken, [x, y]])
        ax.plot(x, y, "o", markersize=size, mfc="white", mec=number.color, mew=2)
        ax.text(x, y, str(number.state), ha="center", va="center_baseline", fontsize=font)
