"""The explorer as a widget of a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import numpy as np
import traitlets

from ..errors import MDGMVAEError
from .packing import steps
from .scripts import bundle

if TYPE_CHECKING:
    from .explorer import Explorer


class ExplorerWidget(anywidget.AnyWidget):
    """What a notebook displays of an `Explorer`.

    The browser gets all points at once, and asks for each structure when it shows it.

    Parameters
    ----------
    explorer : Explorer
        Knows the frames, and is told what the user chooses.
    height : int
        Height in pixels.
    """

    _esm: ClassVar[Any] = bundle("widget") + "export default { render };\n"
    content = traitlets.Dict().tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    frames = traitlets.Bytes().tag(sync=True)
    row = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)

    def __init__(self, explorer: Explorer, height: int) -> None:
        mapped = explorer.mapped
        super().__init__(
            content={**mapped.content(), "topology": explorer.molecule.topology()},
            points=mapped.points.astype("<f4").tobytes(),
            labels=mapped.labels.astype("<i2").tobytes(),
            frames=mapped.frames.astype("<i4").tobytes(),
            row=explorer.row,
            height=height,
        )
        self._explorer = explorer
        self.on_msg(self._answer)

    def show_row(self, row: int) -> None:
        """Show a row in all views."""
        self.row = row
        self.send({"kind": "select", "row": row})

    def show_chosen(self, rows: np.ndarray) -> None:
        """Highlight rows in all views."""
        self.send({"kind": "choose"}, [rows.astype("<i4").tobytes()])

    def _answer(self, _: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        kind = message.get("kind")
        if kind == "choose":
            self._explorer.rows_chosen(np.frombuffer(buffers[0], "<i4"))
        elif kind == "load":
            row = int(message["row"])
            try:
                shown = self._explorer.load(row)
                sent = [steps(shown.positions).astype("<i2").tobytes()]
            except MDGMVAEError as error:
                self.send({"kind": "error", "text": str(error)})
                return
            if shown.structure is not None:
                sent.append(shown.structure.tobytes())
            self.row = row
            answer = {"kind": "structure", "view": message["view"], "row": row}
            self.send({**answer, "hasStructure": len(sent) > 1}, sent)
