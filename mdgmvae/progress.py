"""Progress bars on standard error, on a terminal or in a notebook."""

import sys
from typing import Any

from tqdm.std import tqdm

from .checks import checked_flag


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
        Number of steps; None when it is unknown.
    description : str
        Name of the task, such as "reading frames" or "training".
    unit : str
        What is counted, such as "frames" or "epochs".
    verbose : bool, optional
        True always draws the bar, False never does. None (default) draws it in a notebook, or
        if standard error is a terminal.
    **options
        Other arguments of `tqdm.tqdm`.

    Returns
    -------
    tqdm.tqdm
        Use it in a `with` statement, or close it. Without a bar it prints nothing.

    Raises
    ------
    InputError
        If `verbose` is neither None, True nor False.

    Examples
    --------
    >>> with progress_bar(2, "reading frames", "frames", verbose=False) as bar:
    ...     _ = bar.update(2)
    >>> bar.disable
    True
    """
    notebook = _in_notebook()
    by_default = notebook or sys.stderr.isatty()
    shown = by_default if verbose is None else checked_flag("verbose", verbose)
    settings: dict[str, Any] = {
        "total": total,
        "desc": description,
        "unit": f" {unit}",
        "file": sys.stderr,
        "disable": not shown,
        "dynamic_ncols": True,
    }
    if not notebook:
        return tqdm(**(settings | options))
    from tqdm.auto import tqdm as notebook_tqdm

    return notebook_tqdm(**(settings | options))


def _in_notebook() -> bool:
    """Return True in a Jupyter kernel, where standard error is shown to the user."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config
