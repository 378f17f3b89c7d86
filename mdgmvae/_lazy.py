"""Public names of a package, imported when they are first used (PEP 562)."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package whose public names lie in its modules.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    modules : mapping of str to str
        Each public name and the module that defines it, relative to the package. A name whose
        module is empty is itself a module.

    Returns
    -------
    __getattr__, __dir__ : callable
    """

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if not modules[name]:
            return import_module(f".{name}", package)
        return getattr(import_module(modules[name], package), name)

    def names() -> list[str]:
        return sorted(modules)

    return get, names
