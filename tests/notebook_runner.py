"""Run the notebooks. ``python tests/notebook_runner.py [NAME ...]`` also stores their outputs.

Each runs in a folder of its own, into which the files of ``notebooks/data`` are copied.

nbformat and nbclient are imported where a notebook is run: they take ten seconds.
"""

import base64
import io
import json
import os
import shutil
import sys
from pathlib import Path

from paths import ROOT
from PIL import Image

FOLDER = ROOT / "notebooks"
DATA = FOLDER / "data"
#: Id of the cell that `execute` adds.
LOOK = "look-after-all-cells"
WIDGET = "application/vnd.jupyter.widget-view+json"
#: Names under which a notebook stores text as a list of lines, besides media types.
LINES = {"source", "text"}


class Node(dict):
    """Part of a notebook, with the attributes that nbformat gives it."""

    __getattr__ = dict.__getitem__


def read(path):
    """Read a notebook. Text that is stored as a list of lines is joined."""

    def node(pairs):
        return Node(
            (name, "".join(value) if name in LINES or "/" in name else value)
            for name, value in pairs
        )

    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=node)


def execute(path, folder, timeout=300, look=""):
    """Run all cells with this Python interpreter, and after them the code `look`.

    `folder` is the working folder, which receives a copy of the data of the notebooks.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    if look:
        notebook.cells.append(nbformat.v4.new_code_cell(look, id=LOOK))
    shutil.copytree(DATA, folder / DATA.name)
    # The kernel installed as "python3" may belong to another environment.
    kernel = folder / "kernels" / "this-interpreter"
    kernel.mkdir(parents=True)
    arguments = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": arguments, "display_name": "this interpreter", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = str(folder)
    try:
        client = NotebookClient(
            notebook,
            timeout=timeout,
            kernel_name=kernel.name,
            resources={"metadata": {"path": str(folder)}},
            allow_errors=True,
            store_widget_state=False,
        )
        return client.execute()
    finally:
        if before is None:
            del os.environ["JUPYTER_PATH"]
        else:
            os.environ["JUPYTER_PATH"] = before


def smaller(png):
    """Reduce a PNG (base64) to 256 colours if that makes it smaller; usually to a third."""
    reduced = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        # This method keeps rare colours; the default one merges two states.
        fewer = picture.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    fewer.save(reduced, "PNG", optimize=True)
    return min(png, base64.b64encode(reduced.getvalue()).decode(), key=len)


def without_the_machine(notebook):
    """Remove outputs that depend on the machine: widgets and messages on standard error."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if WIDGET not in output.get("data", {}) and output.get("name") != "stderr"
            ]
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = smaller(output.data["image/png"])
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3",
        },
        "language_info": {"name": "python"},
    }  # fmt: skip
    return notebook


if __name__ == "__main__":
    import tempfile

    import nbformat

    for path in sorted(FOLDER.glob("*.ipynb")):
        if sys.argv[1:] and path.stem not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            executed = execute(path, Path(scratch), timeout=3_600)
        nbformat.write(without_the_machine(executed), path)
