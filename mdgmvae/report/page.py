"""The page of a report: contents in, HTML out."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

import numpy as np

from ..plot.palette import state_colors
from ..tables import Table, percent
from ..viewer.scripts import bundle
from . import figures
from .contents import Contents
from .elements import tag
from .figures import Picture
from .record import as_script
from .verdict import verdict

#: Features in the card of a state.
_N_FEATURES = 3
#: Nothing is loaded from anywhere, and nothing can be.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
_CITATION = (
    "Y. Bozkurt Varolgunes, T. Bereau & J. F. Rudzinski, Interpretable embeddings from molecular "
    "simulations using Gaussian mixture variational autoencoders, Mach. Learn.: Sci. Technol. 1, "
    "015012 (2020), doi:10.1088/2632-2153/ab80b7"
)


def page(contents: Contents) -> str:
    """Return the page.

    Parameters
    ----------
    contents : Contents

    Returns
    -------
    str
        HTML in which everything is embedded.
    """
    body = "".join(_sections(contents))
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(contents.title)}</title>"
        f"<style>{_resource('page.css')}</style>"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>'
        f"<body>{body}{_scripts(contents)}</body></html>\n"
    )


def _sections(c: Contents) -> Iterator[str]:
    yield from _beginning(c)
    yield tag("h2", "States")
    yield tag("div", "".join(_cards(c)), class_="cards")
    if c.structures is not None:
        yield tag(
            "p",
            "Each card shows the representative frame of the state and, in a pale colour, further "
            "frames. Drag to turn a molecule, or use the arrow keys.",
            class_="note screen",
        )
    yield _tables(c.summary.tables())
    yield tag("h2", "Free-energy landscape")
    yield _figure(figures.landscape(c))
    yield tag("h2", "Time course")
    yield _figure(figures.trace(c))
    yield from _kinetics(c)
    if c.description is not None:
        yield tag("h2", "What sets the states apart")
        yield _tables(c.description.tables(_N_FEATURES))
    if c.agreement is not None:
        yield tag("h2", "Agreement of runs with other seeds")
        yield _tables(c.agreement.tables())
    yield from _training(c)
    yield from _end(c)


def _beginning(c: Contents) -> Iterator[str]:
    yield tag("h1", escape(c.title))
    sentences = verdict(c.judgement, c.n_states)
    is_supported = c.judgement is not None and c.judgement.is_supported
    yield tag(
        "div",
        "".join(tag("p", escape(sentence)) for sentence in sentences),
        class_="verdict yes" if is_supported else "verdict",
    )
    yield _facts([("files", ", ".join(c.record.files))] if c.record.files else [], "facts")
    yield _facts(c.facts, "facts")


def _facts(facts: Sequence[tuple[str, str]], name: str = "") -> str:
    if not facts:
        return ""
    rows = "".join(tag("dt", escape(key)) + tag("dd", escape(value)) for key, value in facts)
    return tag("dl", rows, class_=name) if name else tag("dl", rows)


def _cards(c: Contents) -> Iterator[str]:
    words = [] if c.judgement is None else [verdict.word for verdict in c.judgement.states]
    counts = np.bincount(c.results.labels, minlength=c.n_states)
    for state, color in enumerate(state_colors(c.n_states)):
        share = percent(c.results.populations[state])
        facts = [("population", f"{share} % ({counts[state]:,} frames)")]
        if c.judgement is not None and counts[state]:
            of_model = c.judgement.equilibrium_populations.cell(state, shown=percent)
            lifetime = c.judgement.lifetimes.from_model.cell(state)
            facts += [
                ("equilibrium", f"{of_model} %"),
                ("lifetime", f"{lifetime} {c.judgement.unit}"),
                ("verdict", words[state]),
            ]
        parts = [tag("h3", f"State {state}"), _canvas(c, state), _facts(facts)]
        if c.description is not None and counts[state]:
            apart = ", ".join(found.phrase for found in c.description.top(state, 2))
            parts.append(tag("p", escape(apart), class_="apart"))
        yield tag("article", "".join(parts), class_="card", style=f"--state: {color}")


def _canvas(c: Contents, state: int) -> str:
    if c.structures is None or state not in c.structures.frames:
        return ""
    frame = int(c.structures.frames[state][0])
    label = f"Structure of state {state}, frame {frame}"
    canvas = tag("canvas", "", tabindex="0", role="img", aria_label=label)
    return canvas + tag("p", f"frame {frame}", class_="note")


def _kinetics(c: Contents) -> Iterator[str]:
    if c.judgement is None:
        return
    yield tag("h2", "Do the data support the states?")
    yield _tables(c.judgement.tables())
    yield tag("h2", "Kinetics")
    pictures = list(figures.of_kinetics(c))
    yield tag("div", "".join(map(_figure, pictures[:2])), class_="pair")
    if c.transitions is not None:
        yield _tables(c.transitions.tables())
    yield from map(_figure, pictures[2:])


def _training(c: Contents) -> Iterator[str]:
    yield tag("h2", "Training")
    picture = figures.history(c)
    if picture is not None:
        yield _figure(picture)
    shown = [(name, str(value)) for name, value in c.parameters.items() if value is not None]
    yield tag("details", tag("summary", "All parameters") + _facts(shown, "facts"))


def _end(c: Contents) -> Iterator[str]:
    unlike = int(np.sum(c.results.unlike_training)) if "unlike_training" in c.results else 0
    said = [*c.record.warnings]
    if unlike:
        said.append(f"{unlike:,} of {len(c.results.labels):,} frames are unlike the training")
    if said:
        yield tag("h2", "Warnings")
        yield tag("ul", "".join(tag("li", escape(text)) for text in said))
    yield tag("h2", "How to repeat and cite this")
    if c.record.command:
        yield tag("pre", escape(c.record.command))
    versions = ", ".join(f"{name} {version}" for name, version in c.versions.items())
    yield tag("p", f"Versions: {escape(versions)}.", class_="note")
    yield tag("p", f"Please cite {escape(_CITATION)}, and mdgmvae.")


def _tables(tables: Sequence[Table]) -> str:
    return "".join(tag("div", table.html(), class_="wide") for table in tables)


def _figure(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode("ascii")
    image = (
        f'<img src="data:image/png;base64,{data}" alt="{escape(picture.alt)}" '
        f'width="{picture.width}" height="{picture.height}">'
    )
    return tag("figure", image + tag("figcaption", escape(picture.caption)))


def _scripts(c: Contents) -> str:
    if c.structures is None:
        return c.record.element()
    colors = state_colors(c.n_states)
    states = [
        {"color": colors[state], "n": len(frames)} for state, frames in c.structures.frames.items()
    ]
    data = {**c.structures.content, "states": states}
    script = bundle("molecule", "unpack") + without_imports(_resource("structures.js"))
    return (
        c.record.element()
        + f'<script type="application/json" id="structures">{as_script(data)}</script>'
        + f"<script>{script}</script>"
    )


def without_imports(module: str) -> str:
    """Return a JavaScript module as a script that follows the modules it imports."""
    return "\n".join(line for line in module.splitlines() if not line.startswith("import "))


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
