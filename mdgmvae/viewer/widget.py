"""The explorer as a widget of a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

from ..errors import MDGMVAEError
from ..tables import to_plain
from .mapped_frames import MappedFrames
from .molecule import Snapshots
from .packing import steps
from .scripts import bundle


class ExplorerWidget(anywidget.AnyWidget):
    """What a notebook displays of an `Explorer`.

    The browser gets all points at once, and asks for each structure when it shows it.

    Parameters
    ----------
    topology : dict
        What is drawn, from `Molecule.topology`.
    mapped : MappedFrames
        The frames and their points.
    row : int
        The row to show first.
    load : callable
        Returns the structure of a row and its time in ps, which may be NaN, and is so told that
        the row is shown.
    choose : callable
        Is told the rows that the lasso has chosen.
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

    def __init__(
        self,
        topology: dict[str, Any],
        mapped: MappedFrames,
        row: int,
        load: Callable[[int], tuple[Snapshots, float]],
        choose: Callable[[np.ndarray], None],
        height: int,
    ) -> None:
        super().__init__(
            content={**mapped.content(), "topology": topology},
            points=mapped.points.astype("<f4").tobytes(),
            labels=mapped.labels.astype("<i2").tobytes(),
            frames=mapped.frames.astype("<i4").tobytes(),
            row=row,
            height=height,
        )
        self._load, self._choose = load, choose
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
            self._choose(np.frombuffer(buffers[0], "<i4"))
        elif kind == "load":
            row = int(message["row"])
            try:
                shown, time = self._load(row)
                sent = [steps(shown.positions).astype("<i2").tobytes()]
            except MDGMVAEError as error:
                self.send({"kind": "error", "text": str(error)})
                return
            if shown.structure is not None:
                sent.append(shown.structure.tobytes())
            self.row = row
            answer = {"kind": "structure", "view": message["view"], "row": row}
            known = {"time": to_plain(time), "hasStructure": len(sent) > 1}
            self.send({**answer, **known}, sent)
