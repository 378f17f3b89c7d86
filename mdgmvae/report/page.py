"""The page of a report: contents in, HTML out."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from ..plot.palette import state_colors
from ..tables import Table, percent
from ..viewer.page import offline_page
from ..viewer.scripts import bundle
from . import figures
from .contents import Contents
from .elements import tag
from .figures import Picture
from .verdict import verdict

#: Features of each state in the table, and in the card of the state.
_N_FEATURES, _N_IN_CARD = 3, 2
#: Tables with more columns do not fit a phone.
_MOST_COLUMNS = 3
#: Pictures that are wider than this many pixels scroll on a phone.
_WIDE = 700
_CITATION = (
    "Y. Bozkurt Varolgunes, T. Bereau & J. F. Rudzinski, Interpretable embeddings from molecular "
    "simulations using Gaussian mixture variational autoencoders, Mach. Learn.: Sci. Technol. 1, "
    "015012 (2020), doi:10.1088/2632-2153/ab80b7"
)
#: Draws the structures, or says in their place that they cannot be drawn.
_DRAW = """
drawCards(JSON.parse(document.getElementById("data").textContent).cards).catch((error) => {
  console.error(error);
  for (const canvas of document.querySelectorAll(".card canvas")) {
    canvas.replaceWith("The structure cannot be drawn in this browser.");
  }
});
"""


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
    return offline_page(
        contents.title,
        _resource("page.css"),
        "".join(_sections(contents)),
        "" if contents.structures is None else bundle("cards") + _DRAW,
        {"record": contents.record.to_dict(), "cards": _card_data(contents)},
    )


def _sections(c: Contents) -> Iterator[str]:
    yield from _beginning(c)
    yield tag("h2", "States")
    yield tag("div", "".join(_cards(c)), class_="cards")
    if c.structures is not None:
        yield tag(
            "p",
            "Each card shows the representative frame of the state and, in a fainter colour, "
            "further frames. Drag to turn a molecule, or use the arrow keys.",
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
        yield _figure(figures.agreement(c.agreement))
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
    names = [("files", ", ".join(c.record.names))] if c.record.files else []
    yield _facts([*names, *c.facts])


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(tag("dt", escape(key)) + tag("dd", escape(value)) for key, value in facts)
    return tag("dl", rows)


def _cards(c: Contents) -> Iterator[str]:
    counts = np.bincount(c.results.labels[c.results.labels >= 0], minlength=c.n_states)
    for state, color in enumerate(state_colors(c.n_states)):
        share = percent(c.results.populations[state])
        facts = [("population", f"{share} % ({counts[state]:,} frames)")]
        if c.judgement is not None and counts[state]:
            of_model = c.judgement.equilibrium_populations.cell(state, shown=percent)
            lifetime = c.judgement.lifetimes.from_model.cell(state)
            facts += [
                ("equilibrium", f"{of_model} %"),
                ("lifetime", f"{lifetime} {c.judgement.unit}"),
                ("verdict", c.judgement.states[state].word),
            ]
        parts = [tag("h3", f"State {state}"), _canvas(c, state), _facts(facts)]
        if c.description is not None and counts[state]:
            found = c.description.top(state, _N_IN_CARD)
            apart = ", ".join(feature.phrase for feature in found)
            parts.append(tag("p", escape(apart), class_="apart"))
        yield tag("article", "".join(parts), class_="card", style=f"--state: {color}")


def _canvas(c: Contents, state: int) -> str:
    if c.structures is None or state not in c.structures.frames:
        return ""
    frame = int(c.structures.frames[state][0])
    label = f"Structure of state {state}, frame {frame}"
    canvas = tag("canvas", "", tabindex="0", role="img", aria_label=label)
    return canvas + tag("p", f"frame {frame}", class_="note")


def _card_data(c: Contents) -> dict[str, Any] | None:
    """Return what ``cards.js`` draws."""
    if c.structures is None:
        return None
    colors = state_colors(c.n_states)
    states = [
        {"color": colors[state], "n": len(frames)} for state, frames in c.structures.frames.items()
    ]
    return {**c.structures.content, "states": states}


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
    yield tag("details", tag("summary", "All parameters") + _facts(shown))


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
    return "".join(
        tag(
            "div",
            table.html(with_heads=True),
            class_="wide many" if len(table.columns) > _MOST_COLUMNS else "wide",
        )
        for table in tables
    )


def _figure(picture: Picture) -> str:
    image = (
        f'<img src="{_data_url(picture.png)}" alt="{escape(picture.alt)}" '
        f'width="{picture.width}" height="{picture.height}">'
    )
    kind = {}
    if picture.narrow is not None:
        source = f'<source media="(max-width: 640px)" srcset="{_data_url(picture.narrow)}">'
        image = tag("picture", source + image)
    elif picture.width > _WIDE:
        # Shrunk to a phone, a wide picture could not be read.
        kind = {"class_": "wide"}
    return tag("figure", image + tag("figcaption", escape(picture.caption)), **kind)


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
