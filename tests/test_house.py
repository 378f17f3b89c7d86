"""The rules of the house that a linter does not know."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

import mdgmvae

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    path for folder in ("mdgmvae", "featurizers") for path in (ROOT / folder).rglob("*.py")
)
TENSORFLOW_MODULES = {
    *("network.py", "losses.py", "likelihood.py", "kinetic_term.py", "objective.py", "steps.py"),
    *("inference.py", "devices.py", "tf1.py", "replicas.py", "strategies.py"),
}
MODEL_MODULES = {"model.py", "training.py", *TENSORFLOW_MODULES}
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
    if module.name != "cli.py":
        assert "print" not in calls
    if module.name not in TENSORFLOW_MODULES:
        assert "tensorflow" not in imports
    if module.name in MODEL_MODULES:
        assert imports.isdisjoint({"MDAnalysis", "mdtraj"})


def test_arrays_are_never_unpickled(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant) and node.value.value is False


def test_public_names_are_no_modules():
    """A function that hides the module of its name makes one of the two unreachable."""
    modules = {path.stem for path in (ROOT / "mdgmvae").iterdir()}
    assert modules.isdisjoint(set(mdgmvae.__all__) - {"__version__"})


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
