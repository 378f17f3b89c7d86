"""Representative frames of states in nglview, superposed or side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets
import nglview
import numpy as np

from ..errors import InputError
from .shown_atoms import ShownAtoms
from .stateview import draw, entry

#: A page has about sixteen WebGL contexts. Other widgets of a notebook need some.
_MOST_VIEWS = 12
_WIDTH, _HEIGHT = 300, 260


class StatesView(ipywidgets.VBox):
    """Representative frames of states.

    Parameters
    ----------
    shown : ShownAtoms
        The atoms.
    frames : mapping of int to ndarray of int64
        Frame numbers of each state.
    colors : sequence of str
        Colour of each state as ``"#RRGGBB"``.
    name : str
        What a state is called.
    side_by_side : bool
        Whether each state has a view of its own.

    Attributes
    ----------
    views : list of nglview.NGLWidget

    Raises
    ------
    InputError
        If there are too many states for views of their own.
    """

    def __init__(
        self,
        shown: ShownAtoms,
        frames: Mapping[int, np.ndarray],
        colors: Sequence[str],
        *,
        name: str = "state",
        side_by_side: bool = False,
    ) -> None:
        if side_by_side and len(frames) > _MOST_VIEWS:
            raise InputError(
                f"side_by_side: a page can show {_MOST_VIEWS} views, but there are {len(frames)} "
                f"{name}s; pass side_by_side=False"
            )
        captions = {
            state: entry(colors[state], f"<b>{name} {state}</b>, {_named(numbers)}")
            for state, numbers in frames.items()
        }
        numbers_of_all = np.concatenate([*frames.values()]).tolist()
        self._texts = iter(shown.pdbs(numbers_of_all))
        self.views: list[nglview.NGLWidget] = []
        if side_by_side:
            cells = []
            for state, numbers in frames.items():
                view = self._new_view({state: numbers}, shown, colors)
                view.layout.height, view.layout.width = f"{_HEIGHT}px", f"{_WIDTH}px"
                cell = ipywidgets.VBox([ipywidgets.HTML(captions[state]), view])
                cell.layout.overflow = view.layout.overflow = "hidden"
                cells.append(cell)
            for view in self.views:
                view._set_sync_camera([other for other in self.views if other is not view])
            layout = ipywidgets.Layout(grid_template_columns=f"repeat(auto-fill, {_WIDTH + 10}px)")
            super().__init__([ipywidgets.GridBox(cells, layout=layout)])
            return
        view = self._new_view(frames, shown, colors)
        first, switches = 0, []
        for state, numbers in frames.items():
            components = range(first, first + len(numbers))
            switches.append(_switch(view, captions[state], components))
            first += len(numbers)
        row = ipywidgets.Layout(flex_flow="row wrap")
        super().__init__([ipywidgets.HBox(switches, layout=row), view])

    def _new_view(
        self, frames: Mapping[int, np.ndarray], shown: ShownAtoms, colors: Sequence[str]
    ) -> nglview.NGLWidget:
        """Return a view of some states; each frame is a component of it."""
        view = nglview.NGLWidget()
        states = [state for state, numbers in frames.items() for _ in numbers]
        for component, state in enumerate(states):
            structure = nglview.TextStructure(next(self._texts), ext="pdb")
            view.add_structure(structure, default_representation=False)
            draw(view, shown, colors[state], component)
        view.center()
        self.views.append(view)
        return view


def _named(numbers: np.ndarray) -> str:
    frames = "frame" if len(numbers) == 1 else "frames"
    return f"{frames} {', '.join(str(number) for number in numbers)}"


def _switch(view: nglview.NGLWidget, caption: str, components: Sequence[int]) -> ipywidgets.HBox:
    """Return a box that shows or hides components of a view, with its caption."""
    box = ipywidgets.Checkbox(value=True, indent=False, layout=ipywidgets.Layout(width="24px"))

    def switch(change: dict[str, Any]) -> None:
        for component in components:
            view._remote_call(
                "setVisibility", target="compList", args=[change["new"]],
                kwargs={"component_index": component},
            )  # fmt: skip

    box.observe(switch, names="value")
    return ipywidgets.HBox([box, ipywidgets.HTML(caption)])
