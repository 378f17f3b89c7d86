"""The nglview widget whose molecule has the colour of its state."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets
import nglview
import numpy as np
from IPython.display import display

from ..plot.palette import UNASSIGNED

#: Number of changes of colour that the widget's archive keeps.
_KEPT_MESSAGES = 64


class StateView(nglview.NGLWidget):
    """An `nglview.NGLWidget` whose molecule has the colour of the state of the current frame.

    Parameters
    ----------
    trajectory : nglview.Trajectory
        The trajectory to show.
    states : ndarray of int64 of shape (n_frames,)
        State of every frame of the trajectory; -1 for none.
    colors : sequence of str
        Colour of each state as ``"#RRGGBB"``.
    representation : {"cartoon", "licorice"}
        How the molecule is drawn.
    certainty : ndarray of float32 of shape (n_frames,), optional
        Probability of the state of every frame, shown in the legend.
    labelled : ndarray of int64 of shape (n_frames,), optional
        The frame whose state each frame shows, if that is not always its own.
    name : str
        What the legend calls a state.

    Attributes
    ----------
    legend : ipywidgets.HTML
        Names the state of each colour and of the current frame; displayed above the molecule.
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
        *,
        labelled: np.ndarray | None = None,
        name: str = "state",
    ) -> None:
        super().__init__()
        self.add_trajectory(trajectory, default_representation=False)
        self._states = states
        self._colors = list(colors)
        self._representation = representation
        self._certainty = certainty
        self._labelled = np.arange(len(states)) if labelled is None else labelled
        self._state_name = name
        self._shown_color = self._color_of(self.frame)
        self.add_representation(representation, selection="all", color=self._shown_color)
        self.center()
        self.legend = ipywidgets.HTML(value=self._legend_of(self.frame))
        self.observe(self._show_state, names="frame")
        self._newcomer = False
        self.on_msg(self._meet_newcomer)

    def _show_state(self, change: Any) -> None:
        color = self._color_of(change["new"])
        # Only changes of the state are sent: a message for every frame would slow the playback.
        if color != self._shown_color:
            self._shown_color = color
            self._update_representations_by_name(self._representation, color=color)
            self._forget_old_colors()
        self.legend.value = self._legend_of(change["new"])

    def _meet_newcomer(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Send the current frame to a front end that connects later.

        nglview sends it the structure and all colours, but coordinates only when the frame
        changes next. It would show one frame in the colour of another.
        """
        if message.get("type") == "request_loaded":
            self._newcomer = True
        elif message.get("type") == "request_repr_dict" and self._newcomer:
            # This is the first message that is sent after the structure has arrived.
            self._newcomer = False
            if self._coordinates_dict:
                self.set_coordinates(self._coordinates_dict)

    def _forget_old_colors(self) -> None:
        """Keep the archive short, because nglview sends all of it with each change."""
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
        own = self._labelled == np.arange(len(self._states))
        assigned = self._states[own & (self._states >= 0)]
        counts = np.bincount(assigned, minlength=len(self._colors))
        entries = [
            _entry(color, f"{self._state_name} {state} ({count / max(len(assigned), 1):.1%})")
            for state, (color, count) in enumerate(zip(self._colors, counts, strict=True))
        ]
        if (self._states < 0).any():
            entries.append(_entry(UNASSIGNED, "not analysed"))
        return "".join(entries) + f"<br>frame {frame}: <b>{self._caption(frame)}</b>"

    def _caption(self, frame: int) -> str:
        state = self._states[frame]
        if state < 0:
            return "not analysed"
        caption = f"{self._state_name} {state}"
        if self._certainty is not None:
            caption += f", probability {self._certainty[frame]:.2f}"
        if self._labelled[frame] != frame:
            caption += f" (of frame {self._labelled[frame]}; this one was not analysed)"
        return caption

    def _ipython_display_(self, **kwargs: Any) -> None:
        display(self.legend)
        super()._ipython_display_(**kwargs)


def _entry(color: str, text: str) -> str:
    swatch = f'<span style="color:{escape(color)}">&#9632;</span>'
    return f'<span style="margin-right:1em;white-space:nowrap">{swatch} {text}</span>'
