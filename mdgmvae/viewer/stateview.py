"""The nglview widget whose molecule has the colour of its state."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets
import nglview
import numpy as np
import traitlets
from IPython.display import display

from ..checks import check_count
from ..labels import check_labelled
from ..tables import percent
from .nglview_trajectory import ShownTrajectory
from .played_frames import PlayedFrames
from .shown_atoms import ShownAtoms

#: Number of changes of colour that the widget's archive keeps.
_KEPT_MESSAGES = 64
#: The kinds of representations that have the colour of the state.
_COLORED = ("cartoon", "licorice")


class _ShownFrame(traitlets.Int):
    """Number of the frame that is shown. Only one with a state can be assigned.

    The browser sets the trait by its name, and the next frame with a state is then shown.
    """

    def __set__(self, view: Any, value: Any) -> None:
        frame = check_count("frame", value, 0)
        check_labelled(np.array([frame]), view._played.numbers, view._n_frames)
        super().__set__(view, frame)


class StateView(nglview.NGLWidget):
    """An `nglview.NGLWidget` whose molecule has the colour of the state of the current frame.

    Only frames with a state are shown. While the browser plays, the next frame that has one takes
    the place of a frame without one.

    Parameters
    ----------
    shown : ShownAtoms
        The atoms.
    played : PlayedFrames
        The frames with their states.
    colors : sequence of str
        Colour of each state as ``"#RRGGBB"``.
    name : str
        What the legend calls a state.

    Attributes
    ----------
    legend : ipywidgets.HTML
        Names the state of each colour and of the current frame; displayed above the molecule.
    controls : ipywidgets.HBox
        Buttons that go to the previous and the next transition; displayed above the molecule.
    """

    frame = _ShownFrame().tag(sync=True)
    _ngl_msg_archive: list[dict[str, Any]]
    _coordinates_dict: dict[int, np.ndarray]

    def __init__(
        self, shown: ShownAtoms, played: PlayedFrames, colors: Sequence[str], *, name: str = "state"
    ) -> None:
        super().__init__()
        self._played, self._state_name = played, name
        self._n_frames = shown.frames.moving.n_frames
        self._colors: list[str] = list(colors)
        self._kinds = [kind for kind in shown.representations if kind in _COLORED]
        first, last = int(played.numbers[0]), int(played.numbers[-1])
        self._trajectory = ShownTrajectory(shown, first, last)
        self.add_trajectory(self._trajectory, default_representation=False)
        # The player of the browser visits only frames with a state where they have a fixed step.
        for control in self._iplayer.children:
            control.max, control.min, control.step = last, first, played.step
            control.value = first
        with self.hold_trait_notifications():
            self.frame = first
        self._shown_color = self._color_of(self.frame)
        draw(self, shown, self._shown_color)
        self.center()
        self.legend = ipywidgets.HTML(value=self._legend_of(self.frame))
        self.controls = ipywidgets.HBox(
            [
                _button("previous transition", "step-backward", self.previous_transition),
                _button("next transition", "step-forward", self.next_transition),
            ]
        )
        self.observe(self._show_state, names="frame")
        self._newcomer = False
        self.on_msg(self._meet_newcomer)

    def next_transition(self) -> None:
        """Show the next frame whose state is another one; stay if there is none."""
        self._go(1)

    def previous_transition(self) -> None:
        """Show the last frame before this one at which the state changed; stay if there is none."""
        self._go(-1)

    def _go(self, direction: int) -> None:
        frame = self._played.transition(self.frame, direction)
        if frame is not None:
            self.frame = frame

    def _handle_request_frame(self) -> None:
        """Show the next frame for a movie."""
        following = self.frame + 1
        self.set_trait("frame", 0 if following > self.max_frame else following)

    @traitlets.validate("frame")  # type: ignore[untyped-decorator]
    def _skip(self, proposal: Any) -> int:
        return self._played.nearest(proposal["value"])

    def _show_state(self, change: Any) -> None:
        color = self._color_of(change["new"])
        # Only changes of the state are sent: a message for every frame would slow the playback.
        if color != self._shown_color:
            self._shown_color = color
            self._recolor()
        self.legend.value = self._legend_of(change["new"])

    def _recolor(self) -> None:
        """Send the colour of the state, and keep it for those who look at the archive later."""
        for kind in self._kinds:
            message = self._get_remote_call_msg(
                "updateRepresentationsByName", args=[kind, 0], kwargs={"color": self._shown_color}
            )
            self.send(message)
            # A new archive would be sent to the browser, with all of the structure.
            self._ngl_msg_archive.append(message)
        self._forget_old_colors()

    def _meet_newcomer(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Send the current frame and its colour to a front end that connects later.

        nglview sends it the structure and the messages of its archive, but coordinates only when
        the frame changes next. It would show one frame in the colour of another.
        """
        if message.get("type") == "request_loaded":
            self._newcomer = True
        elif message.get("type") == "request_repr_dict" and self._newcomer:
            # This is the first message that is sent after the structure has arrived.
            self._newcomer = False
            if self._coordinates_dict:
                self.set_coordinates(self._coordinates_dict)
                self._recolor()

    def _forget_old_colors(self) -> None:
        """Keep the archive short: a front end that comes later repeats all of it."""
        archive = self._ngl_msg_archive
        changes = [
            index
            for index, message in enumerate(archive)
            if message["methodName"] == "updateRepresentationsByName"
        ]
        if len(changes) > _KEPT_MESSAGES:
            for index in reversed(changes[: -_KEPT_MESSAGES // 2]):
                del archive[index]

    def _color_of(self, frame: int) -> str:
        state = int(self._played.states[self._played.place_of(frame)])
        return self._colors[state]

    def _legend_of(self, frame: int) -> str:
        played = self._played
        shares = np.bincount(played.states, minlength=len(self._colors)) / len(played.states)
        text = "".join(
            entry(color, f"{self._state_name} {state} ({percent(share)} %)")
            for state, (color, share) in enumerate(zip(self._colors, shares, strict=True))
        )
        if len(played.numbers) < played.n_frames:
            text += (
                f"<br>{len(played.numbers):,} of {played.n_frames:,} frames have a "
                f"{self._state_name}; the others are skipped"
            )
        return f"{text}<br>frame {frame}: <b>{self._caption(frame)}</b>"

    def _caption(self, frame: int) -> str:
        place = self._played.place_of(frame)
        if self._trajectory.problem:
            return escape(f"cannot be shown: {self._trajectory.problem}")
        caption = f"{self._state_name} {self._played.states[place]}"
        if self._played.certainty is not None:
            caption += f", probability {self._played.certainty[place]:.2f}"
        return caption

    def _ipython_display_(self, **kwargs: Any) -> None:
        display(self.legend)
        display(self.controls)
        super()._ipython_display_(**kwargs)


def draw(view: nglview.NGLWidget, shown: ShownAtoms, color: str, component: int = 0) -> None:
    """Add the representations of a component of a widget, those of the molecule in one colour."""
    for kind, atoms in shown.representations.items():
        options = {"color": color} if kind in _COLORED else {}
        selection = "all" if atoms is None else atoms
        view.add_representation(kind, selection=selection, component=component, **options)


def entry(color: str, text: str) -> str:
    """Return a line of a legend as HTML."""
    swatch = f'<span style="color:{escape(color)}">&#9632;</span>'
    return f'<span style="margin-right:1em;white-space:nowrap">{swatch} {text}</span>'


def _button(text: str, icon: str, action: Any) -> ipywidgets.Button:
    button = ipywidgets.Button(
        description=text, icon=icon, layout=ipywidgets.Layout(width="max-content")
    )
    button.on_click(lambda _: action())
    return button
