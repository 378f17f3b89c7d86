"""Run all measurements of speed and write them to RESULTS.md.

Usage: python benchmarks/speed/bench.py [--only SECTION ...] [--quick] [--peers PYTHON]
           [--folder FOLDER] [--images FOLDER] [--out FILE]

Each section is the output of one script. Sections that are not measured again stay as they are in
--out. If a script fails, its section says so and the others are still measured. --folder stores the
output of the scripts and the trainings of answer.py, which are not repeated. --peers is the Python
interpreter of an environment with biobb-pytorch (`make bench` creates one). --quick runs a small
part of everything within minutes, to check that it works, and writes to a separate folder.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import targets

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HEAD = """# Speed

These are the results of `make bench`. [Speed](../docs/development/speed.md) explains them.
"""
#: The fastest of the variants of answer.py.
FAST = "lr=3e-3, batch_size=1000, cosine, n_epochs=10"
TITLES = {
    "training": "Training",
    "scaling": "Cost as a function of size",
    "answer": "Time to the answer",
    "features": "Featurization",
    "startup": "Start-up",
    "gpu": "CPU and GPU",
}


def commands(options: argparse.Namespace) -> dict[str, list[str | Path]]:
    """Return the script of each section and its arguments."""
    peers: list[str | Path] = ["--peers", options.peers] if options.peers else []
    images, quick = options.images, options.quick
    found: dict[str, list[str | Path]] = {
        "training": [HERE / "training.py", *peers],
        "scaling": [HERE / "scaling.py", "--figure", images / "cost.png"],
        "answer": [
            HERE / "answer.py", "--runs", options.folder, "--figure", images / "time_to_answer.png",
        ],
        "features": [HERE / "featurize.py"],
        "startup": [HERE / "startup.py"],
        "gpu": [HERE.parent / "gpu.py"],
    }  # fmt: skip
    if quick:
        for name, more in {
            "training": ["--sizes", "S", "--rounds", "2"],
            "scaling": ["--quick", "--rounds", "2"],
            "answer": ["--quick", "--seeds", "1", "--only", "robust", FAST],
            "features": ["--frames", "100", "--rounds", "2"],
            "startup": ["--rounds", "2"],
            "gpu": ["--sizes", "S", "--rounds", "2"],
        }.items():
            found[name] += more
    return found


def measure(name: str, command: list[str | Path], folder: Path) -> bool:
    """Run a script and store its output in the folder; return whether it succeeded."""
    path, errors = folder / f"{name}.md", folder / f"{name}.log"
    began = time.perf_counter()
    # With files, the output up to a failure is kept.
    with path.open("w", encoding="utf-8") as out, errors.open("w", encoding="utf-8") as log:
        code = subprocess.run(
            [sys.executable, *command], cwd=ROOT, stdout=out, stderr=log
        ).returncode
    print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    if code == 0:
        return True
    lines = errors.read_text(encoding="utf-8").strip().splitlines() or [""]
    with path.open("a", encoding="utf-8") as out:
        out.write(f"\nThe measurement stopped here with exit code {code}: `{lines[-1]}`\n")
    print("\n".join(lines[-20:]), file=sys.stderr)
    return False


def sections_of(text: str) -> dict[str, str]:
    """Return the sections of RESULTS.md by name."""
    names = {title: name for name, title in TITLES.items()}
    parts = ["## " + part.strip() for part in ("\n" + text).split("\n## ")[1:]]
    titled = {part.splitlines()[0].removeprefix("## "): part for part in parts}
    return {names[title]: part for title, part in titled.items() if title in names}


def joined(out: Path, folder: Path, measured: list[str]) -> str:
    """Return the text of RESULTS.md: new results, and earlier ones of the other sections."""
    found = sections_of(out.read_text(encoding="utf-8")) if out.exists() else {}
    for name in measured:
        text = (folder / f"{name}.md").read_text(encoding="utf-8").strip()
        found[name] = text if text.startswith("## ") else f"## {TITLES[name]}\n\n{text}"
    sections = {
        name: found.get(name, f"## {title}\n\nNot measured.") for name, title in TITLES.items()
    }
    return "\n\n".join([HEAD.strip(), targets.table(sections), *sections.values()]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", nargs="+", choices=list(TITLES), help="sections to measure (default: all but gpu)"
    )
    parser.add_argument("--quick", action="store_true", help="a small part of everything")
    parser.add_argument("--peers", help="Python interpreter with biobb-pytorch")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--images", type=Path, help="folder for figures (default: docs/images)")
    parser.add_argument("--out", type=Path, help="file to write (default: benchmarks/RESULTS.md)")
    options = parser.parse_args()
    # The results of a machine with a GPU are not replaced on a machine without one.
    usual = [name for name in TITLES if name != "gpu" or options.quick]
    options.only = options.only or usual
    if options.quick:
        options.folder /= "quick"
    options.images = options.images or (options.folder if options.quick else ROOT / "docs/images")
    options.out = options.out or (options.folder if options.quick else HERE.parent) / "RESULTS.md"
    for folder in (options.folder, options.images):
        folder.mkdir(parents=True, exist_ok=True)
    failed, measured = [], []
    for name, command in commands(options).items():
        if name not in options.only:
            continue
        if not measure(name, command, options.folder):
            failed.append(name)
        measured.append(name)
        text = joined(options.out, options.folder, measured)
        options.out.write_text(text, encoding="utf-8")
    if failed:
        sys.exit(f"these measurements failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
