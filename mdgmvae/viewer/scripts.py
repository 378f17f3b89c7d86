"""The JavaScript of the pages and of the widget, as one script without imports."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def bundle(*names: str) -> str:
    """Join modules of ``browser/`` and all that they import, each after what it imports.

    Parameters
    ----------
    *names : str
        Names of modules, without ``.js``.

    Returns
    -------
    str
        A script for an inline ``<script>`` or the ``_esm`` of an anywidget, without ``import``
        and ``export``. What these modules export is in scope after it; all else is hidden.

    Examples
    --------
    >>> from mdgmvae.viewer.scripts import bundle
    >>> print(bundle("unpack").splitlines()[-1])
    const { unpack, unpackStructures, structuresFrom } = inUnpack;
    """
    parts: dict[str, str] = {}
    for name in names:
        _add(name, parts)
    shown = [f"const {_exports(name)} = {_variable(name)};\n" for name in dict.fromkeys(names)]
    return "".join([*parts.values(), *shown])


def _add(name: str, parts: dict[str, str]) -> None:
    """Add a module to `parts`, after the modules that it imports."""
    if name in parts:
        return
    source = _read(name)
    for _, needed in _IMPORT.findall(source):
        _add(needed, parts)
    # Each module is a function, so that names within it do not clash with those of others.
    body = _IMPORT.sub(lambda found: f"const {found[1]} = {_variable(found[2])};", source)
    body = _EXPORT.sub(r"\1", body)
    parts[name] = f"const {_variable(name)} = (() => {{\n{body}return {_exports(name)};\n}})();\n"


def _variable(name: str) -> str:
    """Return the name of the variable that holds the exports of a module."""
    return f"in{name.capitalize()}"


def _exports(name: str) -> str:
    return f"{{ {', '.join(match[1] for match in _EXPORT.findall(_read(name)))} }}"


@cache
def _read(name: str) -> str:
    return (files(__package__) / "browser" / f"{name}.js").read_text(encoding="utf-8")
