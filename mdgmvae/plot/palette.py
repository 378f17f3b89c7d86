"""Colours of states, the same in every plot and in the viewer."""

import colorsys
import re
from collections.abc import Sequence

from ..errors import InputError

#: Colour of frames that have no state (label -1).
UNASSIGNED = "#BBBBBB"

# Okabe and Ito's colours without black, then colours of Paul Tol's muted scheme. Readers with any
# kind of colour vision can distinguish them.
_COLORS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#F0E442",
    "#332288",
    "#882255",
    "#999933",
    "#44AA99",
    "#661100",
)
_GOLDEN_RATIO = 0.618033988749895


def state_colors(n_states: int) -> list[str]:
    """Return the colours of the states 0 to ``n_states - 1``.

    The colour of a state depends on its number only, not on the number of states. The first
    twelve can be distinguished without full colour vision.

    Parameters
    ----------
    n_states : int
        Number of colours.

    Returns
    -------
    list of str
        ``"#RRGGBB"`` for each state.

    Examples
    --------
    >>> from mdgmvae.plot.palette import state_colors
    >>> state_colors(3)
    ['#0072B2', '#D55E00', '#009E73']
    >>> state_colors(40)[:3] == state_colors(3)
    True
    """
    return [_color(state) for state in range(n_states)]


def chosen_colors(n_states: int, palette: Sequence[str] | None) -> list[str]:
    """Return the colour of each state from a palette of the user, by default that of the plots.

    Parameters
    ----------
    n_states : int
        Number of colours.
    palette : sequence of str or None
        ``"#RRGGBB"`` for each state.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If there are fewer colours than states, or one is no such colour.

    Examples
    --------
    >>> chosen_colors(2, None) == state_colors(2), chosen_colors(1, ["#000000", "#FFFFFF"])
    (True, ['#000000'])
    """
    if palette is None:
        return state_colors(n_states)
    if isinstance(palette, str):
        raise InputError(f"palette={palette!r}: pass a list of colours such as '#0072B2'")
    colors = [str(color) for color in palette]
    if len(colors) < n_states:
        raise InputError(f"palette: {len(colors)} colours for {n_states} states; pass one for each")
    for color in colors:
        if not re.fullmatch("#[0-9A-Fa-f]{6}", color):
            raise InputError(f"palette: {color!r} is no colour such as '#0072B2'")
    return colors[:n_states]


def _color(state: int) -> str:
    if state < len(_COLORS):
        return _COLORS[state]
    # Steps of the golden ratio spread hues evenly, however many there will be.
    hue = (state * _GOLDEN_RATIO) % 1.0
    lightness = (0.35, 0.5, 0.65)[state % 3]
    channels = colorsys.hls_to_rgb(hue, lightness, 0.6)
    return "#" + "".join(f"{round(255 * channel):02X}" for channel in channels)
