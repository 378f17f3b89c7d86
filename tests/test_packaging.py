"""What is installed, what it needs and what importing it costs."""

import ast
import doctest
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from paths import ROOT

import mdgmvae
from mdgmvae.presets import PAPER, ROBUST, RULES

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HEAVY = ("tensorflow", "matplotlib", "nglview", "anywidget", "MDAnalysis", "mdtraj")

# Packages have the same name on conda-forge and PyPI (in lower case), except:
CONDA_NAMES = {"build": "python-build"}
# Modules have the name of the package that installs them, except:
MODULE_NAMES = {"PIL": "pillow", "sklearn": "scikit-learn", "IPython": "ipykernel"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Copy the files that a build reads, so that builds do not change the working tree."""
    folder = tmp_path_factory.mktemp("source")
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, folder)
    for name in ("mdgmvae", "featurizers"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ignore)
    return folder


def run_python(*arguments, cwd):
    """Run this interpreter quietly; show what it printed when it fails."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(source, folder):
    run_python(
        *("-m", "pip", "wheel", str(source), "--no-deps", "--no-build-isolation", "--no-index"),
        *("--wheel-dir", str(folder)),
        cwd=folder,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def build_wheel_through_sdist(source, folder):
    run_python(
        *("-m", "build", "--sdist", "--no-isolation", "--outdir", str(folder), str(source)),
        cwd=folder,
    )
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return build_wheel(folder / sdist.name.removesuffix(".tar.gz"), folder)


@pytest.fixture(
    scope="module",
    params=[build_wheel, pytest.param(build_wheel_through_sdist, marks=pytest.mark.slow)],
)
def wheel(request, source, tmp_path_factory):
    return request.param(source, tmp_path_factory.mktemp("wheel"))


def test_wheel_holds_one_package_and_all_of_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    top_level = {name.split("/")[0] for name in names}
    version = mdgmvae.__version__
    assert top_level == {"mdgmvae", f"mdgmvae-{version}.dist-info"}

    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "mdgmvae").rglob("*.py")}
    modules |= {
        f"mdgmvae/{path.relative_to(ROOT)}" for path in (ROOT / "featurizers").rglob("*.py")
    }
    data = {f"mdgmvae/data/{path.name}" for path in (ROOT / "mdgmvae/data").glob("[!._]*.*")}
    data.add("mdgmvae/data/__init__.py")
    assert {Path(name).suffix for name in data} >= {".py", ".pdb", ".xtc"}
    scripts = {
        f"mdgmvae/viewer/browser/{path.name}"
        for path in (ROOT / "mdgmvae/viewer/browser").glob("*.js")
    }
    assert "mdgmvae/viewer/browser/explorer.js" in scripts
    assert names >= modules | data | scripts | {"mdgmvae/py.typed"}
    assert f"mdgmvae-{version}.dist-info/licenses/LICENSE" in names


def test_wheel_works_away_from_the_sources(wheel, tmp_path):
    """The link to featurizers/ has become a real folder that does not point to the clone."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import json, mdgmvae, mdgmvae.data, mdgmvae.featurizers as featurizers\n"
        "topology, trajectories = mdgmvae.data.alanine_dipeptide()\n"
        "files = [mdgmvae.__file__, featurizers.__file__, topology, *trajectories]\n"
        "print(json.dumps(files))"
    )
    for path in json.loads(run_python("-c", code, cwd=tmp_path)):
        assert Path(path).resolve().is_relative_to(tmp_path.resolve())
        assert Path(path).stat().st_size > 0


def split_requirement(requirement):
    """Give (name in lower case, extras, set of bounds) of a PEP 508 or conda requirement."""
    name, extras, bounds = re.fullmatch(
        r"([\w.-]+)(?:\[(.*)\])?\s*([<>=!~].*)?", requirement
    ).groups()
    return (
        name.lower(),
        extras.split(",") if extras else [],
        {bound.strip() for bound in (bounds or "").split(",") if bound},
    )


def python_requirements(extras):
    """Return the dependencies and those of `extras`, including extras that extras name."""
    wanted = {}
    groups = [PROJECT["dependencies"]]
    groups += [PROJECT["optional-dependencies"][extra] for extra in extras]
    for requirement in (entry for group in groups for entry in group):
        name, inner, bounds = split_requirement(requirement)
        found = {CONDA_NAMES.get(name, name): bounds}
        for known, more in (python_requirements(inner) if name == "mdgmvae" else found).items():
            wanted[known] = wanted.get(known, set()) | more
    return wanted


def test_conda_environment_has_the_bounds_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["channels"][0] == "conda-forge"
    conda = {}
    for entry in environment["dependencies"]:
        name, _, bounds = split_requirement(entry)
        assert name not in conda, f"{name} is listed twice"
        conda[name] = bounds
    assert conda.pop("python") == split_requirement("python" + PROJECT["requires-python"])[2]
    assert conda.pop("pip") == set()
    assert conda == python_requirements(["notebook", "parallel", "dev"])
    assert "nglview" in conda


def test_oldest_dependencies_are_the_lower_bounds():
    """These are the constraints of the job with the oldest dependencies."""
    allowed = python_requirements(["notebook", "parallel"])
    oldest = sorted(
        f"{name}=={bound.removeprefix('>=')}"
        for name, bounds in allowed.items()
        for bound in bounds
        if bound.startswith(">=")
    )
    lines = (ROOT / ".github" / "oldest.txt").read_text().splitlines()
    assert sorted(line.lower() for line in lines if not line.startswith("#")) == oldest


def test_requirements_of_users_leave_out_what_they_do_not_need():
    needed = set(python_requirements([]))
    assert needed.isdisjoint({"nglview", "jupyterlab", "dask", "distributed", "pytest", "torch"})
    (gpu,) = PROJECT["optional-dependencies"]["gpu"]
    name, extras, bounds = split_requirement(gpu)
    assert (name, extras) == ("tensorflow", ["and-cuda"])
    assert bounds == python_requirements([])["tensorflow"]


def test_everything_imported_is_required():
    """A package that is only installed by another dependency could be missing later."""
    imported = set()
    for folder in ("mdgmvae", "featurizers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    imported.add(node.module.split(".")[0])
    required = set(python_requirements(["notebook", "parallel"]))
    wanted = {MODULE_NAMES.get(name, name).lower() for name in imported - sys.stdlib_module_names}
    assert wanted - {"mdgmvae"} <= required


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import mdgmvae", HEAVY),
        ("import mdgmvae; dir(mdgmvae)", HEAVY),
        ("import mdgmvae.errors, mdgmvae.presets", HEAVY),
        ("import mdgmvae.featurizers", ("tensorflow", "nglview")),
        ("import mdgmvae.annotation", ("tensorflow", "nglview")),
        ("import mdgmvae.storage", ("tensorflow", "nglview")),
        ("from mdgmvae import GMVAE; GMVAE(k=3)", ("tensorflow", "MDAnalysis", "mdtraj")),
        ("from mdgmvae import GMVAEAnalysis", ("tensorflow", "nglview")),
        ("from mdgmvae import explore", ("tensorflow", "nglview", "matplotlib", "anywidget")),
    ],
)
def test_imports_are_cheap(statement, forbidden, tmp_path):
    code = f"{statement}\nimport sys; print(' '.join(sys.modules))"
    loaded = set(run_python("-c", code, cwd=tmp_path).split())
    assert "mdgmvae" in loaded
    assert loaded.isdisjoint(forbidden)


def test_commands_of_the_documents_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
    readme = set(commands.findall((ROOT / "README.md").read_text()))
    assert {"demo", "test"} <= readme
    for document in ("CONTRIBUTING.md", "docs/guides/installation.md"):
        readme |= set(commands.findall((ROOT / document).read_text()))
    assert readme <= targets


DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
        path = document.parent / target if target else document
        assert path.exists(), f"{document.name} links to {target}, which is not there"
        if heading:
            assert heading in anchors(path), f"{path.name} has no heading #{heading}"


def anchors(path):
    """Return the headings of a Markdown file as anchors."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_examples_in_the_documents_run():
    document = ROOT / "docs" / "guides" / "featurizers.md"
    # Other blocks show files; another test runs them in a copy of the package.
    blocks = re.findall(r"^```pycon\n(.*?)^```$", document.read_text("utf-8"), re.M | re.S)
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, document.name, str(document), 0)
    failed, attempted = doctest.DocTestRunner().run(test)
    assert attempted > 10
    assert failed == 0


def test_documented_hyperparameters_are_those_of_the_presets():
    paper, robust = PAPER.to_dict(), ROBUST.to_dict()
    table = [
        f"| `{name}` | {rule.help.replace('|', chr(92) + '|')} | {paper[name]} | {robust[name]} |"
        for name, rule in RULES.items()
    ]
    page = ROOT / "docs" / "reference" / "hyperparameters.md"
    documented = page.read_text(encoding="utf-8")
    assert "\n".join(table) in documented


def test_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == mdgmvae.__version__
    assert citation["license"] == PROJECT["license"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{mdgmvae.__version__}]" in changelog


def test_continuous_integration_runs_what_contributors_run():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = script.read_text().splitlines()
    assert [line for line in commands if line.startswith("make")] == [
        "make lint",
        "make test",
        "make test-slow",
    ]


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_run_targets_of_the_makefile(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    # YAML 1.1 reads the key "on" as true.
    assert {"pull_request", "schedule", "workflow_dispatch"} <= workflow[True].keys()
    for name, job in workflow["jobs"].items():
        assert job["runs-on"] and job["timeout-minutes"], name
        commands = [step["run"] for step in job["steps"] if "run" in step]
        assert commands, name
        for command in commands:
            assert re.match(r"make ([a-z-]+)", command).group(1) in targets


def test_workflow_tests_every_python_and_the_oldest_dependencies():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())
    jobs = workflow["jobs"]
    assert {"lint", "test", "coverage", "slow"} == set(jobs)
    assert "schedule" in jobs["slow"]["if"] and "workflow_dispatch" in jobs["slow"]["if"]
    matrix = jobs["test"]["strategy"]["matrix"]
    supported = re.findall(r":: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert matrix["python"] == supported
    (oldest,) = matrix["include"]
    assert oldest["python"] == supported[0]
    assert (ROOT / oldest["constraints"]).is_file()


def test_issue_forms_ask_for_what_is_needed_to_help():
    templates = ROOT / ".github" / "ISSUE_TEMPLATE"
    forms = {path.stem: yaml.safe_load(path.read_text()) for path in templates.glob("*.yml")}
    assert {"bug", "feature", "config"} == set(forms)
    for name in ("bug", "feature"):
        form = forms[name]
        assert form["name"] and form["description"]
        fields = [field["id"] for field in form["body"]]
        assert len(fields) == len(set(fields))
        assert {field["type"] for field in form["body"]} <= {"textarea", "input"}
    asked = {field["id"] for field in forms["bug"]["body"]}
    assert {"command", "topology", "trajectory", "versions"} <= asked
    assert "CHANGELOG.md" in (ROOT / ".github" / "pull_request_template.md").read_text()


@pytest.mark.parametrize(
    "name",
    ["GMVAE", "GMVAEAnalysis", "FeatureSet", "annotate", "explore", "featurize", "frames_from"],
)
def test_public_names_are_documented_in_numpydoc(name):
    """Docstrings have a summary, every parameter of the signature, and an example."""
    public = getattr(mdgmvae, name)
    docstring = inspect.getdoc(public)
    assert docstring.splitlines()[0].endswith(".")
    assert re.search(r"^Examples\n-{8}\n", docstring, re.MULTILINE)
    assert ">>> " in docstring
    section = re.search(
        r"^(?:Parameters|Attributes)\n-+\n(.*?)(?:^\w+\n-{3,}\n|\Z)", docstring, re.M | re.S
    )
    assert section, f"{name} has no section Parameters"
    described = set(re.findall(r"\*{0,2}\b(\w+)\b", " ".join(_entries(section.group(1)))))
    undescribed = set(inspect.signature(public).parameters) - described
    assert undescribed == set()


def _entries(section):
    """Return the names in a numpydoc section, without their types: 'k : int' -> 'k'."""
    return [line.split(" :")[0] for line in section.splitlines() if line[:1].strip()]


def test_every_public_name_was_looked_at():
    assert set(mdgmvae.__all__) == {
        *("GMVAE", "GMVAEAnalysis", "FeatureSet", "annotate", "explore", "featurize"),
        "frames_from",
        "__version__",
    }
