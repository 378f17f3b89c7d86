"""Rules for the structure of the code, which a linter cannot check."""

import ast
import importlib
import inspect
import re
import subprocess
from types import ModuleType

import pytest
from paths import ROOT

MODULES = sorted(
    path for folder in ("mdgmvae", "featurizers") for path in (ROOT / folder).rglob("*.py")
)
#: The layers from top to bottom: a layer imports only from those below it. The single modules
#: that all packages may use form the layer "ground".
ROOMS = [
    *("__main__", "cli", "analysis", "report", "viewer", "plot", "annotation", "comparison"),
    *("states", "landscape", "assignment", "model", "training", "network", "kinetics"),
    *("trajectory", "storage", "featurizers", "data", "ground"),
]
GROUND = {
    *("", "_lazy", "_version", "checks", "clustering", "errors", "json_files", "labels", "presets"),
    *("progress", "segments", "tables"),
}
#: The layers, or single modules, that may import each library.
MAY_IMPORT = {
    "tensorflow": {"network", "training", "model.tf1"},
    "MDAnalysis": {
        *("cli", "analysis", "assignment", "report", "viewer", "annotation", "trajectory"),
        "featurizers",
    },
    "mdtraj": {"viewer", "annotation", "trajectory", "featurizers"},
    "matplotlib": {"cli", "analysis", "report", "plot"},
    "nglview": {"viewer"},
    "dask": {"trajectory"},
    "distributed": {"trajectory"},
}
#: The modules outside featurizers/ that featurizers may import.
FEATURIZERS_MAY_IMPORT = {"_lazy", "checks", "errors", "json_files", "tables"}
#: Public names of a package that come from another package. They are shortcuts for users.
SHORTCUTS = {"featurizers": {"featurize", "FeatureSet"}}
LONGEST = 400
#: Files that may have more lines than `LONGEST`, each with the reason.
LONGER: dict[str, str] = {}
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
SEEDERS = {"tf.random.set_seed", "np.random.seed", "random.seed", "tf.keras.utils.set_random_seed"}
#: Calls that import a module by its name. The rules on imports cannot follow them.
IMPORTERS = {"import_module", "importlib.import_module", "__import__"}
#: Modules that may do so: for public names, and for modules of their own package.
MAY_IMPORT_BY_NAME = {"_lazy", "annotation.writers", "cli.main", "featurizers.registry"}

TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def imported(tree):
    """Return the top-level names of all packages that a module imports, lazily or not."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return names


def called(tree):
    """Return the dotted names of all functions that a module calls."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def name_of(path):
    """Return the name of a module below mdgmvae: featurizers/base.py is featurizers.base."""
    path = path.relative_to(ROOT).with_suffix("")
    parts = path.parts[1:] if path.parts[0] == "mdgmvae" else path.parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path): path for path in MODULES}


def room_of(name):
    head = name.split(".")[0]
    return "ground" if head in GROUND else head


def absolute(name, level, module):
    """Return the name below mdgmvae of a module that module `name` imports from, or None."""
    if not level:
        head, _, rest = module.partition(".")
        return rest if head == "mdgmvae" else None
    parts = name.split(".") if name else []
    package = parts if NAMES[name].stem == "__init__" else parts[:-1]
    return ".".join(filter(None, [*package[: len(package) - level + 1], module]))


def given_by(name, tree):
    """Return the public names that a package imports lazily, with the modules that define them."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_NAMES":
            given = {}
            for public, module in ast.literal_eval(node.value).items():
                bare = module.lstrip(".")
                given[public] = absolute(name, len(module) - len(bare), bare)
            return given
    return {}


GIVEN = {
    name: given_by(name, TREES[path]) for name, path in NAMES.items() if path.stem == "__init__"
}


def imported_here(name, tree):
    """Return the modules of mdgmvae that a module imports, including lazily and for types.

    A public name that a package imports lazily counts as the module that defines it.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            ours = [absolute(name, 0, alias.name) for alias in node.names]
            found |= {module for module in ours if module is not None}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(name, node.level, node.module or "")
            if base is None:
                continue
            for alias in node.names:
                inner = f"{base}.{alias.name}".strip(".")
                if inner in NAMES:
                    found.add(inner)
                else:
                    found.add(GIVEN.get(base, {}).get(alias.name, base))
    return found


ARROWS = {name: imported_here(name, TREES[path]) for name, path in NAMES.items()}


@pytest.fixture(params=MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def module(request):
    return request.param


def test_modules_keep_to_the_house(module):
    imports, calls = imported(TREES[module]), called(TREES[module])
    assert imports.isdisjoint(PICKLES)
    assert calls.isdisjoint(SEEDERS)
    assert not any(name.endswith("enable_op_determinism") for name in calls)
    assert module.name != "utils.py"
    name = name_of(module)
    if room_of(name) != "cli":
        assert "print" not in calls
    assert (name in MAY_IMPORT_BY_NAME) == (not calls.isdisjoint(IMPORTERS))
    for library, rooms in MAY_IMPORT.items():
        assert library not in imports or {name, room_of(name)} & rooms, library


def test_every_module_has_a_room():
    assert {room_of(name) for name in NAMES} <= set(ROOMS)
    # Every entry of the table is an existing layer or module.
    assert set().union(*MAY_IMPORT.values()) <= {*ROOMS, *NAMES}


def test_arrows_point_down():
    """A layer imports only from layers below it."""
    back = [
        f"{name} -> {other}"
        for name, others in ARROWS.items()
        for other in others
        if room_of(name) != room_of(other)
        and ROOMS.index(room_of(name)) > ROOMS.index(room_of(other))
    ]
    assert back == []


def test_rules_see_every_kind_of_import():
    """Lazy, typed, absolute and relative imports, of modules and of lazy public names."""
    source = """
from typing import TYPE_CHECKING
import numpy
import mdgmvae.plot.axes
from mdgmvae.kinetics import lump
from .. import GMVAE
from . import boxes
from ...errors import InputError
if TYPE_CHECKING:
    from ...storage import FeatureSet
def later():
    from ..base import Featurizer
"""
    assert imported_here("featurizers.geometry.kernels", ast.parse(source)) == {
        *("plot.axes", "kinetics.lumping", "featurizers", "featurizers.geometry.boxes"),
        *("errors", "storage.features", "featurizers.base"),
    }


def test_featurizers_import_little_of_ours():
    for name, others in ARROWS.items():
        if room_of(name) == "featurizers":
            outside = {other for other in others if room_of(other) != "featurizers"}
            assert outside <= FEATURIZERS_MAY_IMPORT, name


def test_packages_give_names_of_their_own():
    """A shortcut to another package would hide an import; only the top package may have them."""
    for name, given in GIVEN.items():
        if name:
            abroad = {n for n, module in given.items() if not module.startswith(f"{name}.")}
            assert abroad == SHORTCUTS.get(name, set()), name


def test_imports_make_no_circle():
    """No module imports itself through others, not even lazily."""
    left = {name: set(others) - {name} for name, others in ARROWS.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    # Circles and the modules that import them are left; remove the latter.
    while unneeded := left.keys() - set().union(*left.values()):
        for name in unneeded:
            del left[name]
    assert sorted(left) == []


def test_modules_are_short(module):
    name = str(module.relative_to(ROOT))
    n_lines = len(module.read_text(encoding="utf-8").splitlines())
    assert n_lines <= LONGEST or name in LONGER
    assert n_lines > LONGEST or name not in LONGER


def test_arrays_are_never_unpickled(module):
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant) and node.value.value is False


def test_public_names_are_no_modules():
    """If a function and a module have the same name, one of them cannot be reached."""
    for name, path in NAMES.items():
        if path.stem != "__init__":
            continue
        package = importlib.import_module(f"mdgmvae.{name}".strip("."))
        public = {n for n in getattr(package, "__all__", ()) if not n.startswith("_")}
        assert public.isdisjoint({other.stem for other in path.parent.iterdir()}), name
        for n in public:
            assert not isinstance(getattr(package, n), ModuleType), f"{name}.{n}"
            assert n in dir(package)


def test_public_functions_have_an_example():
    """Classes may share the example of the function that returns them.

    The functions of mdgmvae.report are those behind `GMVAEAnalysis.report` and the command.
    """
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| `mdgmvae\.(\w+)` \|", page, re.MULTILINE)
    assert {"kinetics", "plot"} <= set(names)
    without = [
        f"{name}.{n}"
        for name in set(names) - {"report"}
        for package in [importlib.import_module(f"mdgmvae.{name}")]
        for n in getattr(package, "__all__", ())
        if inspect.isfunction(found := getattr(package, n))
        and "\nExamples\n---" not in (inspect.getdoc(found) or "")
    ]
    assert without == []


def test_no_parameter_bears_the_name_of_a_method():
    """`__init__` stores each parameter under its name, which would hide a method of that name."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for path, tree in TREES.items():
        for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
            methods = {node.name: node for node in owner.body if isinstance(node, functions)}
            if "__init__" in methods:
                arguments = methods["__init__"].args
                named = {a.arg for a in [*arguments.args, *arguments.kwonlyargs]}
                assert named.isdisjoint(methods), f"{path.name}: {owner.name}"


def tracked_text_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git clone: the files of the project cannot be told from others")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_symlink() or not path.is_file():
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_tracked_files_name_no_machine():
    """Paths of a machine and addresses of a package index would be wrong elsewhere."""
    # The patterns are put together here, so that this file does not match them.
    places = [r"/ho" + r"me/\w", r"/ro" + r"ot/", r"/wo" + r"rk/", r"/Us" + r"ers/\w", r"C:\\Us"]
    indexes = ["py" + r"pi\.org", "python" + r"hosted\.org", "index" + "-url", "repo.ana" + "conda"]
    pattern = re.compile("|".join([rf"(?<![\w.]){place}" for place in places] + indexes))
    found = []
    for name, text in tracked_text_files():
        found += [f"{name}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


def test_tracked_files_hold_no_leftovers():
    words = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|^<{7} |^>{7} ", re.MULTILINE)
    found = []
    for name, text in tracked_text_files():
        found += [f"{name}: {match.group()}" for match in words.finditer(text)]
    assert found == []
