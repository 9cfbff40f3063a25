"""A page as one HTML file that needs no other file and no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.progress import printable
from pipeline.reporting.page.blocks import Block, Cell, Picture, Section
from pipeline.reporting.viewer.data import Viewer

_PACKAGE: Final = "pipeline.reporting"
_STYLES: Final = ("page/page.css", "viewer/assets/viewer.css")
_SCRIPTS: Final = "viewer/assets"
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data: blob:; "
    "style-src 'unsafe-inline'"
)
_FORMS: Final = {"svg": "image/svg+xml", "png": "image/png", "webp": "image/webp"}


def render_page(
    title: str, lead: str, sections: Sequence[Section], viewer: Viewer | None = None
) -> str:
    """The page.

    The browser is told to run no script but the page's own, and to load nothing: whatever stands
    in the names of scenes and classes stays text.

    Args:
        title: Heading, and the name of the browser's tab.
        lead: A line below it.
        sections: What it holds.
        viewer: Scenes; they are shown where a :class:`~.blocks.Place` stands.
    """
    script = viewer_script() if viewer is not None else ""
    policy = f"{_POLICY}; {_run(script)}"
    template = _environment().get_template("page.html.j2")
    return template.render(
        title=title,
        lead=lead,
        sections=sections,
        style=Markup("\n".join(_asset(name) for name in _STYLES)),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=policy,
        data=[] if viewer is None else _data(viewer),
    )


def viewer_script() -> str:
    """The viewer's scripts in the order of their names, as one."""
    folder = resources.files(_PACKAGE).joinpath(_SCRIPTS)
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".js"))
    return "\n".join(_asset(f"{_SCRIPTS}/{name}") for name in names)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE, "page/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters |= {"kind": _kind, "uri": picture_uri, "cell": cell_text}
    return environment


def _asset(name: str) -> str:
    return resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _run(script: str) -> str:
    """The part of the policy that lets this script run and no other."""
    if not script:
        return "script-src 'none'"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"script-src 'sha256-{digest}'"


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def picture_uri(picture: Picture) -> str:
    """A picture as an address that holds it."""
    return f"data:{_FORMS[picture.form]};base64,{base64.b64encode(picture.data).decode()}"


def cell_text(cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        if abs(cell) >= 1000:
            return f"{cell:,.0f}"
        return f"{cell:.4f}" if abs(cell) <= 1 else f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else printable(cell)


def _data(viewer: Viewer) -> list[tuple[str, Markup]]:
    """Ids and texts of the elements that hold the viewer's data."""
    blocks = [f"viewer-scene-{number}" for number in range(len(viewer.scenes))]
    head: dict[str, Any] = {
        "classes": [vars(row) for row in viewer.classes],
        "layers": [vars(row) for row in viewer.layers],
        "pairs": viewer.pairs,
        "scenes": [
            {"id": scene.id, "note": scene.note, "layers": scene.layers, "block": block}
            for scene, block in zip(viewer.scenes, blocks, strict=True)
        ],
    }
    texts = [json.dumps(head), *(scene.json for scene in viewer.scenes)]
    return list(zip(["viewer-data", *blocks], map(_inert, texts), strict=True))


def _inert(text: str) -> Markup:
    """JSON that can't end the script element that it stands in."""
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - no letter of HTML is left in it
