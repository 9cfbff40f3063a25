"""Charts as pictures of a page."""

import re
from xml.etree import ElementTree

from matplotlib.figure import Figure

from pipeline.reporting.chart_style import figure_bytes
from pipeline.reporting.report.chart_picture import chart_picture, compact, label

NAME = '> 0.12345  d="1.23456" </text> <metadata> 道'


def figure_of(name: str) -> Figure:
    figure = Figure((4, 3))
    axes = figure.subplots()
    axes.plot([0.123456, 2 / 3, 1], [0.1, 1 / 3, 0.7])
    axes.set_title(name, parse_math=False)
    return figure


def test_text_stays_as_it_is() -> None:
    picture = chart_picture(figure_of(NAME), "a line")
    assert (picture.form, picture.width) == ("svg", 384)
    tree = ElementTree.fromstring(picture.data)
    shown = ["".join(text.itertext()) for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert NAME in shown


def test_places_move_by_less_than_a_hundredth() -> None:
    before = figure_bytes(figure_of("name"), "svg", letters=True)
    after = compact(before)
    assert len(after) < 0.9 * len(before)
    paths = [re.findall(rb' d="([^"]*)"', data) for data in (before, after)]
    assert len(paths[0]) == len(paths[1]) > 5
    for old, new in zip(*paths, strict=True):
        numbers = [
            [float(part) for part in re.findall(rb"-?\d+\.?\d*", text)] for text in (old, new)
        ]
        assert all(abs(a - b) <= 0.0051 for a, b in zip(*numbers, strict=True))


def test_labels_of_charts() -> None:
    assert label(" a\n\tb\x1b ") == "a b?"
    assert label("\n") == "?"
    assert len(label("x" * 99)) == 30
