"""Tables have the same content as text, HTML and CSV."""

import csv
import json
from dataclasses import dataclass

import numpy as np

from mdgmvae.kinetics import implied_timescales, lump, match, visits
from mdgmvae.tables import Table, interval, named, to_plain

TABLE = Table(
    ("feature", "mean assignment probability", "lifetime / ps"),
    (("d <A & B>", "0.98", "57 (51 to 63)"), ("phi ALA2", "0.7", "-")),
    title="a < b",
    note="x & y",
    sentences=("<script>",),
)


def test_html_is_escaped():
    page = TABLE.html()
    assert "data-head" not in page
    assert "<caption>a &lt; b</caption>" in page
    assert "<td>d &lt;A &amp; B&gt;</td>" in page
    assert "<p>x &amp; y</p><ul><li>&lt;script&gt;</li></ul>" in page
    assert page.count("<tr>") == 3
    cell = '<td data-head="lifetime / ps">57 (51 to 63)</td>'
    assert cell in TABLE.html(with_heads=True)


def test_text_puts_words_left_and_numbers_right_and_wraps_heads():
    assert TABLE.text().splitlines() == [
        "a < b",
        "           mean assignment",
        "feature        probability  lifetime / ps",
        "d <A & B>             0.98  57 (51 to 63)",
        "phi ALA2               0.7              -",
        "x & y",
        "- <script>",
    ]


def heads(*columns, cell="1"):
    lines = Table(columns, ((cell,) * len(columns),)).text().splitlines()
    assert lines.pop().split() == [cell] * len(columns)
    return lines


def test_heads_have_two_lines_at_most_and_their_unit_below_the_name():
    assert heads("lag time / frames") == ["lag time", "/ frames"]
    assert heads("implied timescale 12 / ps") == ["implied timescale 12", "                / ps"]
    assert heads("Jaccard index of the worst state") == ["Jaccard index of", " the worst state"]
    assert heads("equilibrium population / %") == ["   equilibrium", "population / %"]
    assert heads("VAMP-2, held out", "k") == [" VAMP-2,", "held out  k"]
    assert heads("population / %") == ["population / %"]
    assert heads("", "a") == ["   a"]


def test_heads_that_are_not_wider_than_their_cells_are_not_wrapped():
    assert heads("lag time / ps", cell="0" * 13) == ["lag time / ps"]


def test_csv_has_one_line_of_heads(tmp_path):
    TABLE.write_csv(tmp_path / "table.csv")
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [list(TABLE.columns), *map(list, TABLE.rows)]


def test_csv_and_text_take_no_commands_from_names(tmp_path):
    """A name in a topology may be a formula, or clear the screen of a terminal."""
    names = ("=cmd|' /C calc'!A0", "@SUM(A1)", "+x", "-", "-1.5", "+2e3", "\x1b[2J", -7)
    table = Table(("name",), tuple((name,) for name in names), title="a\x1b]0;b")
    table.write_csv(tmp_path / "names.csv")
    with open(tmp_path / "names.csv", newline="", encoding="utf-8") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert cells == [
        *("'=cmd|' /C calc'!A0", "'@SUM(A1)", "'+x", "-", "-1.5", "+2e3", "\x1b[2J", "-7"),
    ]
    text = table.text()
    assert "\x1b" not in text and r"\x1b[2J" in text and text.startswith(r"a\x1b]0;b")


def test_plain_values_survive_json():
    @dataclass
    class Found:
        energy: np.ndarray
        seen: np.bool_
        names: tuple[str, ...]

    found = Found(np.array([[1.5, np.inf]], np.float32), np.bool_(True), ("a",))
    kept = json.loads(json.dumps(to_plain([found, np.int64(3), None]), allow_nan=False))
    assert kept == [{"energy": [[1.5, None]], "seen": True, "names": ["a"]}, 3, None]


def test_intervals_and_names():
    assert interval(1.0, 0.5, np.inf) == "1.0 (0.5 to inf)"
    assert interval(np.nan, np.nan, np.nan) == "-"
    assert named("component", [1, 2]) == "components 1 and 2"


def test_results_show_themselves():
    labels = np.repeat([0, 1, 0, 1, 0], 50)
    assert match(labels, labels).tolist() == [0, 1]
    for found in (visits(labels), implied_timescales(labels, lags=[1, 2]), lump(labels, lag=1)):
        assert repr(found) == str(found) == found.text()
        assert found.text().count("\n") >= 2
        assert "<table>" in found._repr_html_()
