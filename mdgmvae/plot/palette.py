"""One colour a state, the same in every plot and in the viewer."""

import colorsys

UNASSIGNED = "#BBBBBB"
"""Colour of frames that have no state (label -1)."""

# Okabe and Ito's colours without black, then colours of Paul Tol's muted scheme: told apart
# by readers with any kind of colour vision.
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
    """Give the colours of states 0 to ``n_states - 1``.

    A state's colour depends on its number only, not on how many states there are. The first
    twelve are told apart without full colour vision.

    Parameters
    ----------
    n_states : int
        How many colours.

    Returns
    -------
    list of str
        ``"#RRGGBB"``, one a state.

    Examples
    --------
    >>> from mdgmvae.plot.palette import state_colors
    >>> state_colors(3)
    ['#0072B2', '#D55E00', '#009E73']
    >>> state_colors(40)[:3] == state_colors(3)
    True
    """
    return [_color(state) for state in range(n_states)]


def _color(state: int) -> str:
    if state < len(_COLORS):
        return _COLORS[state]
    # Steps of the golden ratio spread any number of hues evenly without knowing the number.
    hue = (state * _GOLDEN_RATIO) % 1.0
    lightness = (0.35, 0.5, 0.65)[state % 3]
    channels = colorsys.hls_to_rgb(hue, lightness, 0.6)
    return "#" + "".join(f"{round(255 * channel):02X}" for channel in channels)
