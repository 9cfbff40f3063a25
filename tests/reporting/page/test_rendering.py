"""A page from blocks: whatever stands in names stays text."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.page.blocks import (
    Block,
    Cell,
    Facts,
    Gallery,
    Group,
    Picture,
    Place,
    Section,
    Table,
    Target,
    Text,
)
from pipeline.reporting.page.rendering import cell_text, picture_uri, render_page, viewer_script
from pipeline.reporting.viewer.data import Viewer, ViewerClass, ViewerLayer, ViewerScene

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "../../x",
    "{{ 7 * 7 }}",
    "</style>",
    "-->",
    "\x1b[31mred\x00",
    "&lt;b&gt;",
)
PIXEL = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


class Elements(HTMLParser):
    """Names and attributes of all elements, and the text outside of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        {"script": self.scripts, "style": []}.get(self._inside, self.texts).append(data)


def _read(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    return elements


def _everywhere(name: str) -> tuple[Block, ...]:
    """Every block with a name from data in every place."""
    picture = Picture(PIXEL, "svg", name, name, 100, Target(name, (0, 1, 2, 3), (7,)))
    return (
        Text(name, "warning"),
        Facts(((name, name),)),
        Table(name, (name, name), ((name, 1),), (name, None), 1, ("#ff0000",)),
        Table(name, (name,), ((name,),), folded=True),
        picture,
        Gallery(name, (picture,)),
        Group(name, (Text(name), Group(name, (Text(name),), folded=True)), folded=True),
    )


def _viewer(name: str) -> Viewer:
    return Viewer(
        (ViewerClass(1, name, "#0072b2", "solid"),),
        (ViewerLayer("prediction", name),),
        (),
        (ViewerScene(name, name, ("prediction",), json.dumps({"name": name})),),
    )


def _page(name: str) -> str:
    blocks = (*_everywhere(name), Place())
    return render_page(name, name, [Section("part", name, blocks)], _viewer(name))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    harmless, hostile = _read(_page("name")), _read(_page(name))
    assert [tag for tag, _ in hostile.found] == [tag for tag, _ in harmless.found]
    assert [set(row) for _, row in hostile.found] == [set(row) for _, row in harmless.found]
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    assert sum(text.strip() == shown for text in hostile.texts) >= 10
    assert not [row for _, row in hostile.found for key in row if key.startswith("on")]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_reach_the_viewer_as_they_are(name: str) -> None:
    scripts = [text for text in _read(_page(name)).scripts if text.startswith("{")]
    head, scene = map(json.loads, scripts)
    assert head["classes"][0]["name"] == name
    assert head["scenes"][0]["id"] == name
    assert scene == {"name": name}


@given(st.text())
def test_any_text_can_be_a_scene(name: str) -> None:
    scripts = [text for text in _read(_page(name)).scripts if text.startswith("{")]
    assert len(scripts) == 2
    assert json.loads(scripts[0])["scenes"][0]["id"] == name


def test_only_the_pages_own_script_may_run() -> None:
    page = _page("name")
    policy = html.unescape("".join(re.findall(r'Policy" content="([^"]*)"', page)))
    digest = base64.b64encode(hashlib.sha256(viewer_script().encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.count("script-src") == 1
    for row in ("default-src", "base-uri", "form-action"):
        assert f"{row} 'none'" in policy
    assert viewer_script() in page
    without = render_page("a", "b", [Section("part", "Part")])
    assert "script-src 'none'" in html.unescape(without)
    assert "<script" not in without


def test_nothing_is_loaded_from_elsewhere() -> None:
    for _, row in _read(_page("name")).found:
        for key in ("src", "href"):
            value = row.get(key) or "#"
            assert value.startswith(("#", "data:")), value
    assert "url(" not in _page("name").replace("url(data:", "")


def test_every_section_can_be_reached() -> None:
    page = render_page("a", "b", [Section("one", "First"), Section("two", "Second")])
    assert re.findall(r'<a href="#(\w+)">(\w+)</a>', page)[-2:] == [
        ("one", "First"),
        ("two", "Second"),
    ]
    assert re.findall(r'<section id="(\w+)"', page) == ["one", "two"]


def test_picture_is_in_the_page() -> None:
    uri = picture_uri(Picture(PIXEL, "svg", "a"))
    assert uri == "data:image/svg+xml;base64," + base64.b64encode(PIXEL).decode()
    assert uri in html.unescape(_page("name"))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "–"),
        (0.12345, "0.1235"),
        (1.0, "1.0000"),
        (-0.5, "-0.5000"),
        (1234.6, "1,235"),
        (1234567.0, "1,234,567"),
        (12.345, "12.35"),
        (12, "12"),
        (1234567, "1,234,567"),
        ("a\nb", "a\nb"),
        ("\x07", "?"),
    ],
)
def test_cells_as_people_read_them(cell: Cell, text: str) -> None:
    assert cell_text(cell) == text
