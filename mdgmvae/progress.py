"""Progress bars: on standard error, and only where somebody looks at them."""

import sys
from typing import Any

from tqdm.std import tqdm


def progress_bar(
    total: int | None,
    description: str,
    unit: str,
    *,
    verbose: bool | None = None,
    **options: Any,
) -> tqdm:
    """Make a progress bar on standard error.

    Parameters
    ----------
    total : int or None
        Number of steps; None when it is not known.
    description : str
        What is being done ("reading frames", "training").
    unit : str
        What is counted ("frames", "epochs").
    verbose : bool, optional
        True always draws, False never; None (default) draws when standard error is a
        terminal, or in a notebook.
    **options
        Further arguments of `tqdm.tqdm`.

    Returns
    -------
    tqdm.tqdm
        To be closed, or used in a `with` statement; a silent one when nothing is to be drawn.

    Examples
    --------
    >>> with progress_bar(2, "reading frames", "frames", verbose=False) as bar:
    ...     _ = bar.update(2)
    >>> bar.disable
    True
    """
    notebook = _in_notebook()
    shown = (notebook or sys.stderr.isatty()) if verbose is None else verbose
    settings: dict[str, Any] = {
        "total": total,
        "desc": description,
        "unit": f" {unit}",
        "file": sys.stderr,
        "disable": not shown,
        "dynamic_ncols": True,
    }
    return _bar_class(notebook)(**(settings | options))


def _bar_class(notebook: bool) -> type[tqdm]:
    if not notebook:
        return tqdm
    from tqdm.auto import tqdm as notebook_tqdm

    return notebook_tqdm


def _in_notebook() -> bool:
    """Whether this is a Jupyter kernel, whose standard error is no terminal but is looked at."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config
