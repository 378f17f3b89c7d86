"""All measurements of speed, one after another, joined into RESULTS.md.

Usage: python benchmarks/speed/bench.py [--only SECTION ...] [--quick] [--peers PYTHON]
           [--folder FOLDER] [--images FOLDER] [--out FILE]

Each section is what one script prints; those that are not measured again stay as they are in
--out, and one that fails says so and leaves the others alone. --folder keeps what scripts print
and the trainings of answer.py, which are not done again. --peers is the interpreter of an
environment with biobb-pytorch (`make bench` makes one). --quick measures little of everything in
some minutes, to see that all of it works, and writes into a folder of its own.
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

What `make bench` measured; [Speed](../docs/development/speed.md) explains it.
"""
#: The cheapest of the variants of answer.py.
FAST = "lr=3e-3, batch_size=1000, cosine, n_epochs=10"
TITLES = {
    "training": "Training",
    "scaling": "Cost against sizes",
    "answer": "Time to the answer",
    "features": "Featurization",
    "startup": "Starting",
    "gpu": "CPU and GPU",
}


def commands(options: argparse.Namespace) -> dict[str, list[str | Path]]:
    """The script of each section and its arguments."""
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
    """Run a script, what it prints into the folder; whether it went well."""
    path, errors = folder / f"{name}.md", folder / f"{name}.log"
    began = time.perf_counter()
    # Files: what was printed before a script fails is kept.
    with path.open("w", encoding="utf-8") as out, errors.open("w", encoding="utf-8") as log:
        code = subprocess.run(
            [sys.executable, *command], cwd=ROOT, stdout=out, stderr=log
        ).returncode
    print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    if code == 0:
        return True
    lines = errors.read_text(encoding="utf-8").strip().splitlines() or [""]
    with path.open("a", encoding="utf-8") as out:
        out.write(f"\nThe measurement stopped here, code {code}: `{lines[-1]}`\n")
    print("\n".join(lines[-20:]), file=sys.stderr)
    return False


def sections_of(text: str) -> dict[str, str]:
    """The sections of RESULTS.md, by name."""
    names = {title: name for name, title in TITLES.items()}
    parts = ["## " + part.strip() for part in ("\n" + text).split("\n## ")[1:]]
    titled = {part.splitlines()[0].removeprefix("## "): part for part in parts}
    return {names[title]: part for title, part in titled.items() if title in names}


def joined(out: Path, folder: Path, measured: list[str]) -> str:
    """RESULTS.md: what was measured, and of the other sections what there is."""
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
    parser.add_argument("--only", nargs="+", choices=list(TITLES), help="by default all but gpu")
    parser.add_argument("--quick", action="store_true", help="little of everything")
    parser.add_argument("--peers", help="Python of an environment with biobb-pytorch")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--images", type=Path, help="by default docs/images")
    parser.add_argument("--out", type=Path, help="by default benchmarks/RESULTS.md")
    options = parser.parse_args()
    # What a machine with a GPU has measured is not lost on one without.
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
        sys.exit(f"these stopped before their end: {', '.join(failed)}")


if __name__ == "__main__":
    main()
