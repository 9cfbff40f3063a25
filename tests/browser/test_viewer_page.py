"""The viewer as a part of a page: for everybody, on every screen, whatever names hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from pipeline.reporting.page.blocks import Target
from pipeline.reporting.viewer.data import ViewerClass, ViewerLayer, ViewerScene
from tests.browser.made_viewer import box, classes, many, picture, scene
from tests.browser.shown_page import CANVAS, Opener, Shown, made_page, show_button
from tests.browser.test_viewer_moving import PHONE

HOSTILE = "</script><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}../../x\u202e'\""
HILLS = (("true colour", picture(60, 60)), ("false colour", picture(9, 9, (120, 60, 40))))


def full_page() -> str:
    """A page with two scenes, every kind of layer and a button of each sort."""
    one = scene(
        "1010_0_0",
        {"prediction": many(60, 200, 1), "truth": many(60, 200, 2)},
        (200, 200),
        pictures=HILLS,
        note="held out, mean Jaccard 0.53",
    )
    two = scene("1010_0_1", {"prediction": many(9, 200, 3)}, (200, 200), metres=None)
    after = (
        show_button(Target("1010_0_0", (10, 10, 40, 40))),
        show_button(Target("gone", (1, 1, 2, 2))),
    )
    return made_page((one, two), rows=classes(10), after=after)


def faults(shown: Shown) -> list[str]:
    """What accessibility checks find that is serious."""
    response = Axe().run(shown.page).response
    return [
        f"{row['id']}: {row['nodes'][0]['html'][:200]} {row['nodes'][0]['failureSummary']}"
        for row in response["violations"]
        if row["impact"] in ("serious", "critical")
    ]


def test_accessibility_checks_find_nothing_serious(opened: Opener) -> None:
    shown = opened(full_page())
    shown.press("h", "s")
    assert faults(shown) == []
    shown.press("d", "b")
    assert faults(shown) == []
    shown.press("]")
    assert faults(shown) == []


def test_everything_can_be_reached_by_tab(opened: Opener) -> None:
    shown = opened(full_page())
    shown.press("s")
    shown.page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        shown.page.keyboard.press("Tab")
        name = shown.page.evaluate(
            "(n => n.getAttribute('aria-label') || n.textContent)(document.activeElement)"
        )
        reached.add(name)
    wanted = {"Scene: picture and polygons", "Swipe between picture and result", "Zoom in"}
    wanted |= {"Scene", "Picture", "Next scene", "Prediction", "Truth", "Difference", "Class 1"}
    wanted |= {"Class 10", "All", "None", "Outlines only", "Keys", "Opacity"}
    assert wanted - reached == set()


def test_names_stay_text(opened: Opener) -> None:
    rows = (ViewerClass(1, HOSTILE, "#aa0000", "dots"),)
    layers = (ViewerLayer("prediction", HOSTILE), ViewerLayer("truth", "Truth"))
    found = {"prediction": {1: [box(10, 10, 80)]}, "truth": {1: [box(10, 10, 50)]}}
    made = scene(HOSTILE, found, pictures=((HOSTILE, picture(3, 3)),), note=HOSTILE)
    other = scene("__proto__", {"prediction": {1: [box(10, 10, 50)]}})
    after = (show_button(Target(HOSTILE, (20, 20, 30, 30), (1,))),)
    shown = opened(made_page((made, other), rows=rows, layers=layers, after=after))
    asked: list[str] = []
    shown.page.on("dialog", lambda dialog: asked.append(dialog.message))
    shown.settle()
    shown.page.mouse.move(*shown.spot(25, 25))
    shown.page.wait_for_timeout(60)
    assert HOSTILE in shown.page.locator(".viewer-tip").inner_text()
    shown.press("Enter", "t", "d")
    shown.page.get_by_role("button", name="Show in the viewer").click()
    assert shown.settle()["centre"] == [25, 25]
    shown.press("]")
    assert shown.state()["scene"] == "__proto__"
    assert shown.page.locator("#viewer img, #viewer script").count() == 0
    assert not asked


def test_a_phone_needs_no_sideways_scrolling(opened: Opener) -> None:
    shown = opened(full_page(), **PHONE)
    shown.settle()
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 390
    below = shown.page.locator(".viewer-bar").bounding_box()
    stage = shown.page.locator(".viewer-stage").bounding_box()
    assert below is not None
    assert stage is not None
    assert below["y"] >= stage["y"] + stage["height"]
    assert stage["height"] < 600
    sizes = shown.page.evaluate(
        """() => [...document.querySelectorAll('#viewer button, #viewer select, .viewer-row,'
             + ' .viewer-modes label, #viewer summary')].filter(node => node.offsetParent)
             .map(node => [node.textContent, node.getBoundingClientRect().height])"""
    )
    assert len(sizes) > 20
    assert [row for row in sizes if row[1] < 43.9] == []


@pytest.mark.parametrize("width", [320, 700, 1000, 1600])
def test_controls_fit_every_window(opened: Opener, width: int) -> None:
    shown = opened(full_page(), viewport={"width": width, "height": 800})
    shown.settle()
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    cut = shown.page.evaluate(
        """() => [...document.querySelectorAll('.viewer-panel *, .viewer-bar *')]
             .filter(node => node.offsetParent && node.scrollWidth > node.clientWidth + 1
                     && getComputedStyle(node).display !== 'inline'
                     && !node.matches('input, select, .unseen'))
             .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert not cut, cut


def test_the_bar_is_one_line_on_a_laptop(opened: Opener) -> None:
    long = (("False colour (near infrared, red, green)", picture(9, 9)),)
    note = "validation scene of fold 3, mean Jaccard 0.53"
    made = scene("S2A_2019_tile_6120_2_2", {"prediction": {}}, pictures=long, note=note)
    shown = opened(made_page((made,)))
    rows = shown.page.locator(".viewer-bar > *").evaluate_all(
        "all => all.map(node => node.getBoundingClientRect()).map(box => [box.top, box.bottom])"
    )
    assert len(rows) == 3
    assert max(top for top, _ in rows) < min(bottom for _, bottom in rows)


def test_the_canvas_follows_the_window(opened: Opener) -> None:
    shown = opened(full_page())
    before = shown.settle()["zoom"]
    shown.page.set_viewport_size({"width": 700, "height": 500})
    shown.page.wait_for_timeout(100)
    assert shown.settle()["zoom"] < before
    width, css = shown.page.locator(CANVAS).evaluate("node => [node.width, node.clientWidth]")
    assert width == css


def test_print_shows_the_canvas_and_the_legend_only(opened: Opener, tmp_path: Path) -> None:
    shown = opened(full_page())
    shown.press("d", "1")
    shown.page.evaluate("document.activeElement.blur()")
    shown.page.emulate_media(media="print")
    shown.page.wait_for_timeout(100)
    shown.settle()
    hidden = (".viewer-bar", ".viewer-zoom", ".viewer-keys", "#viewer input >> nth=0")
    assert [name for name in hidden if shown.page.locator(name).first.is_visible()] == []
    assert shown.page.get_by_text("True, not found").is_visible()
    assert shown.page.get_by_text("Class 2", exact=True).is_visible()
    for off in ("Class 1", "Prediction"):
        assert not shown.page.get_by_text(off, exact=True).is_visible()
    assert shown.page.locator(CANVAS).is_visible()
    assert (shown.canvas().std(axis=(0, 1)) > 10).all()
    assert shown.page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("count", [0, 1])
def test_without_scenes_or_layers_it_says_so(opened: Opener, count: int) -> None:
    after = (show_button(Target("a", (0, 0, 1, 1))),)
    scenes = tuple(scene("a", {}, pictures=()) for _ in range(count))
    shown = opened(made_page(scenes, rows=(), layers=(), pairs=(), after=after))
    assert shown.page.locator("button.show-in-viewer").is_disabled() == (count == 0)
    if count == 0:
        assert shown.page.get_by_text("There is no scene to show.").is_visible()
        assert shown.state() is None
    else:
        shown.press("1", "p", "t", "d", "Enter", "a", "+")


def test_a_damaged_scene_is_reported(opened: Opener) -> None:
    good = scene("a", {"prediction": {1: [box(10, 10, 30)]}})
    block = json.loads(good.json)
    block["layers"]["prediction"]["groups"][0]["count"] = 3
    bad = ViewerScene("b", "", ("prediction",), json.dumps(block))
    shown = opened(made_page((good, bad)))
    shown.settle()
    shown.page.get_by_label("Next scene").click()
    assert shown.page.get_by_text("This scene can't be read").is_visible()
    shown.page.get_by_label("Scene before").click()
    assert shown.settle()["scene"] == "a"
    assert not shown.page.get_by_text("This scene can't be read").is_visible()


def test_nothing_is_left_behind_but_a_state_to_read(opened: Opener) -> None:
    shown = opened(full_page())
    shown.settle()
    assert shown.page.evaluate("Object.keys(sceneViewer)") == ["state"]
    assert shown.page.evaluate("Object.isFrozen(sceneViewer) && Object.isFrozen(sceneViewer.state)")
