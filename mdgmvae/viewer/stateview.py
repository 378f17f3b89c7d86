"""The nglview widget that changes colour with the state; imported by `viewer` when needed."""

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets
import nglview
import numpy as np
from IPython.display import display

from ..plot.palette import UNASSIGNED

_KEPT_MESSAGES = 64
"""How many changes of colour stay in the widget's archive."""


class StateView(nglview.NGLWidget):
    """An `nglview.NGLWidget` whose molecule has the colour of the state of the frame shown.

    Parameters
    ----------
    trajectory : nglview.Trajectory
        What to show.
    states : (n_frames,) int array
        State of every frame of the trajectory, -1 for none.
    colors : sequence of str
        ``"#RRGGBB"`` of each state.
    representation : str
        "cartoon" or "licorice".
    certainty : (n_frames,) float array, optional
        Probability of the state of every frame, shown beside it.

    Attributes
    ----------
    legend : ipywidgets.HTML
        Which colour is which state, and the state of the frame shown; displayed above the view.
    """

    _ngl_msg_archive: list[dict[str, Any]]
    _coordinates_dict: dict[int, np.ndarray]

    def __init__(
        self,
        trajectory: Any,
        states: np.ndarray,
        colors: Sequence[str],
        representation: str,
        certainty: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        self.add_trajectory(trajectory, default_representation=False)
        self._states = states
        self._colors = list(colors)
        self._representation = representation
        self._certainty = certainty
        self._shown_color = self._color_of(self.frame)
        self.add_representation(representation, selection="all", color=self._shown_color)
        self.center()
        self.legend = ipywidgets.HTML(value=self._legend_of(self.frame))
        self.observe(self._show_state, names="frame")
        self._newcomer = False
        self.on_msg(self._meet_newcomer)

    def _show_state(self, change: Any) -> None:
        color = self._color_of(change["new"])
        # Only a change of state is sent: a message for every frame would slow the playback.
        if color != self._shown_color:
            self._shown_color = color
            self._update_representations_by_name(self._representation, color=color)
            self._forget_old_colors()
        self.legend.value = self._legend_of(change["new"])

    def _meet_newcomer(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Send the frame to a front end that appears after it was chosen.

        nglview gives it the structure and the colours that there have been, but coordinates
        only at the next change of frame: it would show one frame in the colour of another.
        """
        if message.get("type") == "request_loaded":
            self._newcomer = True
        elif message.get("type") == "request_repr_dict" and self._newcomer:
            # The first sign that the structure is there.
            self._newcomer = False
            if self._coordinates_dict:
                self.set_coordinates(self._coordinates_dict)

    def _forget_old_colors(self) -> None:
        """Keep the archive short: nglview sends the whole of it at each change."""
        archive = self._ngl_msg_archive
        changes = [
            index
            for index, message in enumerate(archive)
            if message["methodName"] == "updateRepresentationsByName"
        ]
        if len(changes) > _KEPT_MESSAGES:
            dropped = set(changes[: -_KEPT_MESSAGES // 2])
            self._ngl_msg_archive = [m for i, m in enumerate(archive) if i not in dropped]

    def _color_of(self, frame: int) -> str:
        state = self._states[frame]
        return UNASSIGNED if state < 0 else self._colors[state]

    def _legend_of(self, frame: int) -> str:
        assigned = self._states[self._states >= 0]
        counts = np.bincount(assigned, minlength=len(self._colors))
        entries = [
            _entry(color, f"state {state} ({count / max(len(assigned), 1):.1%})")
            for state, (color, count) in enumerate(zip(self._colors, counts, strict=True))
        ]
        if len(assigned) < len(self._states):
            entries.append(_entry(UNASSIGNED, "not analysed"))
        return "".join(entries) + f"<br>frame {frame}: <b>{self._caption(frame)}</b>"

    def _caption(self, frame: int) -> str:
        state = self._states[frame]
        if state < 0:
            return "not analysed"
        if self._certainty is None:
            return f"state {state}"
        return f"state {state}, probability {self._certainty[frame]:.2f}"

    def _ipython_display_(self, **kwargs: Any) -> None:
        display(self.legend)
        super()._ipython_display_(**kwargs)


def _entry(color: str, text: str) -> str:
    swatch = f'<span style="color:{escape(color)}">&#9632;</span>'
    return f'<span style="margin-right:1em;white-space:nowrap">{swatch} {text}</span>'
