"""The rules of the house that a linter does not know."""

import ast
import importlib
import re
import subprocess

import pytest
from paths import ROOT

MODULES = sorted(
    path for folder in ("mdgmvae", "featurizers") for path in (ROOT / folder).rglob("*.py")
)
#: The rooms from top to bottom: what a room imports lies below it. The ground is one room.
ROOMS = [
    *("__main__", "cli", "analysis", "report", "viewer", "plot", "annotation", "comparison"),
    *("states", "landscape", "assignment", "model", "training", "network", "kinetics"),
    *("trajectory", "storage", "featurizers", "data", "ground"),
]
GROUND = {
    *("", "_lazy", "_version", "checks", "errors", "labels", "presets", "progress", "segments"),
    "tables",
}
#: What each library may be imported by: rooms, or single modules.
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
LONGEST = 400
#: Files that may have more lines than `LONGEST`, each with the reason.
LONGER: dict[str, str] = {}
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
SEEDERS = {"tf.random.set_seed", "np.random.seed", "random.seed", "tf.keras.utils.set_random_seed"}


def imported(tree):
    """Give the top-level names of all packages that a module imports, lazily or not."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return names


def called(tree):
    """Give the dotted names of all functions that a module calls."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def name_of(path):
    """The name of a module below mdgmvae: featurizers/base.py is featurizers.base."""
    path = path.relative_to(ROOT).with_suffix("")
    parts = path.parts[1:] if path.parts[0] == "mdgmvae" else path.parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path): path for path in MODULES}


def room_of(name):
    head = name.split(".")[0]
    return "ground" if head in GROUND else head


def imported_here(name, tree):
    """The modules of mdgmvae that a module imports, lazily or not, by name."""
    package = name.split(".") if NAMES[name].stem == "__init__" else name.split(".")[:-1]
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = package[: len(package) - node.level + 1] if name else []
            base = [*base, *(node.module or "").split(".")]
        elif (node.module or "").split(".")[0] == "mdgmvae":
            base = node.module.split(".")[1:]
        else:
            continue
        base = ".".join(filter(None, base))
        for alias in node.names:
            inner = f"{base}.{alias.name}".strip(".")
            found.add(inner if inner in NAMES else base)
    return found


ARROWS = {
    name: imported_here(name, ast.parse(path.read_text(encoding="utf-8")))
    for name, path in NAMES.items()
}


@pytest.fixture(params=MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def module(request):
    return request.param


def test_modules_keep_to_the_house(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    imports, calls = imported(tree), called(tree)
    assert imports.isdisjoint(PICKLES)
    assert calls.isdisjoint(SEEDERS)
    assert not any(name.endswith("enable_op_determinism") for name in calls)
    assert module.name != "utils.py"
    if room_of(name_of(module)) != "cli":
        assert "print" not in calls
    name = name_of(module)
    for library, rooms in MAY_IMPORT.items():
        assert library not in imports or {name, room_of(name)} & rooms, library


def test_arrows_point_down():
    """What a room imports lies below it in the list of rooms."""
    back = [
        f"{name} -> {other}"
        for name, others in ARROWS.items()
        for other in others
        if room_of(name) != room_of(other)
        and ROOMS.index(room_of(name)) > ROOMS.index(room_of(other))
    ]
    assert back == []


def test_imports_make_no_circle():
    """No module is needed for itself, not even lazily: taken away one by one, all can go."""
    left = {name: set(others) - {name} for name, others in ARROWS.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert left == {}


def test_modules_are_short(module):
    name = str(module.relative_to(ROOT))
    n_lines = len(module.read_text(encoding="utf-8").splitlines())
    assert n_lines <= LONGEST or name in LONGER
    assert n_lines > LONGEST or name not in LONGER


def test_arrays_are_never_unpickled(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant) and node.value.value is False


def test_public_names_are_no_modules():
    """A function that hides the module of its name makes one of the two unreachable."""
    for name, path in NAMES.items():
        if path.stem != "__init__":
            continue
        package = importlib.import_module(f"mdgmvae.{name}".strip("."))
        public = {n for n in getattr(package, "__all__", ()) if not n.startswith("_")}
        assert public.isdisjoint({other.stem for other in path.parent.iterdir()}), name
        assert all(hasattr(package, n) for n in public)


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
    """No paths of somebody's machine and no package index: they are wrong on the next one."""
    # Put together here, so that this file does not contain what it looks for.
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
