"""Mouse, fingers and keys: how people move about in a scene, and what the viewer tells them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.reporting.page.blocks import Target
from tests.browser.made_viewer import Shape, box, many, picture, scene, square
from tests.browser.shown_page import CANVAS, Opener, Shown, made_page, show_button

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}


@pytest.fixture
def blobs(opened: Opener) -> Shown:
    """A scene of 400 by 400 pixels with hills and blobs."""
    hills = (("true colour", picture(100, 100)),)
    made = scene("blobs", {"prediction": many(150, 400, 3)}, (400, 400), pictures=hills)
    shown = opened(made_page((made,)))
    shown.settle()
    shown.page.locator(CANVAS).scroll_into_view_if_needed()
    return shown


def moved(one: np.ndarray, two: np.ndarray, right: int, down: int) -> float:
    """Mean difference of two pictures once the second is moved back."""
    height, width = one.shape[:2]
    part = two[down + 60 : height - 60 + down, right + 60 : width - 60 + right]
    return float(np.abs(one[60 : height - 60, 60 : width - 60] - part).mean())


def test_dragging_pans_by_as_much_as_the_mouse_moves(blobs: Shown) -> None:
    blobs.press("+", "+", "+")
    blobs.page.evaluate("document.activeElement.blur()")
    before, state = blobs.canvas(), blobs.state()
    x, y = blobs.spot(200, 200)
    mouse = blobs.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 20, y + 10)
    mouse.move(x + 50, y - 30)
    mouse.up()
    mouse.move(5, 5)
    after = blobs.settle()
    assert after["centre"][0] == pytest.approx(state["centre"][0] - 50 / state["zoom"])
    assert after["centre"][1] == pytest.approx(state["centre"][1] + 30 / state["zoom"])
    assert moved(before, blobs.canvas(), 50, -30) < 1.5
    assert moved(before, blobs.canvas(), 0, 0) > 2.5


def test_the_wheel_zooms_at_the_pointer_once_the_canvas_is_chosen(blobs: Shown) -> None:
    mouse = blobs.page.mouse
    fit = blobs.state()["zoom"]
    x, y = blobs.spot(100, 120)
    mouse.move(x, y)
    mouse.wheel(0, -100)
    blobs.page.wait_for_timeout(50)
    assert blobs.settle()["zoom"] == fit
    assert "Ctrl" in (blobs.page.locator(".viewer-hint").text_content() or "")
    blobs.page.evaluate("scrollTo(0, 0)")
    x, y = blobs.spot(100, 120)
    mouse.move(x, y)
    blobs.page.keyboard.down("Control")
    mouse.wheel(0, -100)
    blobs.page.keyboard.up("Control")
    blobs.page.wait_for_timeout(50)
    once = blobs.settle()
    assert once["zoom"] > 1.1 * fit
    mouse.click(x, y)
    before = blobs.page.evaluate("scrollY")
    mouse.wheel(0, -200)
    blobs.page.wait_for_timeout(50)
    twice = blobs.settle()
    assert twice["zoom"] > 1.3 * once["zoom"]
    assert blobs.page.evaluate("scrollY") == before
    assert blobs.spot(100, 120) == pytest.approx((x, y), abs=1.5)


def test_buttons_and_keys_zoom_and_fit(blobs: Shown) -> None:
    fit = blobs.state()
    pictures = [blobs.canvas()]
    blobs.page.get_by_label("Zoom in").click()
    assert blobs.settle()["zoom"] == pytest.approx(1.5 * fit["zoom"])
    pictures.append(blobs.canvas())
    blobs.page.get_by_label("Zoom out").click()
    assert blobs.settle()["zoom"] == pytest.approx(fit["zoom"])
    assert np.array_equal(blobs.canvas(), pictures[0])
    assert np.abs(pictures[0] - pictures[1]).mean() > 3
    blobs.press("+", "+", "ArrowRight", "ArrowDown")
    state = blobs.settle()
    assert state["zoom"] == pytest.approx(2.25 * fit["zoom"])
    assert state["centre"][0] > 210
    assert state["centre"][1] > 210
    assert blobs.press("0")["centre"] == fit["centre"]
    assert blobs.press("-")["zoom"] == pytest.approx(fit["zoom"] / 1.5)
    assert blobs.press(*["-"] * 6)["zoom"] == pytest.approx(fit["zoom"] / 2)
    x, y = blobs.spot(200, 200)
    blobs.page.mouse.dblclick(x, y)
    assert blobs.settle()["zoom"] == pytest.approx(fit["zoom"])


def test_the_swipe_shows_the_bare_picture_at_its_left(blobs: Shown) -> None:
    bare = blobs.canvas()
    blobs.page.get_by_role("button", name="None").click()
    bare = blobs.canvas()
    blobs.page.get_by_role("button", name="All", exact=True).click()
    full = blobs.canvas()
    blobs.page.get_by_label("Swipe", exact=True).check()
    middle = full.shape[1] // 2
    half = blobs.canvas()
    assert np.array_equal(half[:, :middle], bare[:, :middle])
    assert np.array_equal(half[:, middle:], full[:, middle:])
    handle = blobs.page.get_by_role("slider", name="Swipe between picture and result")
    handle.focus()
    for key in ("PageUp", "ArrowRight", "ArrowRight", "ArrowLeft"):
        blobs.page.keyboard.press(key)
    assert handle.get_attribute("aria-valuenow") == "62"
    assert handle.get_attribute("aria-valuetext") == "Picture 62 %, result 38 %"
    split = round(0.62 * full.shape[1])
    assert np.array_equal(blobs.canvas()[:, :split], bare[:, :split])
    assert np.array_equal(blobs.canvas()[:, split:], full[:, split:])
    shape = handle.bounding_box()
    canvas = blobs.page.locator(CANVAS).bounding_box()
    assert shape is not None
    assert canvas is not None
    blobs.page.mouse.move(shape["x"] + 22, shape["y"] + 200)
    blobs.page.mouse.down()
    blobs.page.mouse.move(canvas["x"] + canvas["width"] / 4, shape["y"] + 200, steps=3)
    blobs.page.mouse.up()
    assert blobs.settle()["swipe"] == pytest.approx(0.25, abs=0.01)
    assert blobs.press("s")["mode"] == "over"
    blobs.page.evaluate("document.activeElement.blur()")
    assert np.array_equal(blobs.canvas(), full)


def test_side_by_side_both_panes_move_together(blobs: Shown) -> None:
    assert blobs.press("b", "0")["mode"] == "beside"
    blobs.page.evaluate("document.activeElement.blur()")
    blobs.page.locator("input[type=range]").fill("0")
    pixels = blobs.canvas()
    middle = pixels.shape[1] // 2
    assert np.array_equal(pixels[:, :middle], pixels[:, -middle:])
    blobs.page.locator("input[type=range]").fill("100")
    both = blobs.canvas()
    assert np.array_equal(both[:, :middle], pixels[:, :middle])
    assert np.abs(both[:, -middle:] - pixels[:, -middle:]).mean() > 5
    blobs.page.locator(CANVAS).scroll_into_view_if_needed()
    shape = blobs.page.locator(CANVAS).bounding_box()
    assert shape is not None
    blobs.page.mouse.move(shape["x"] + 100, shape["y"] + 300)
    blobs.page.mouse.down()
    blobs.page.mouse.move(shape["x"] + 130, shape["y"] + 320, steps=2)
    blobs.page.mouse.up()
    state = blobs.settle()
    assert state["centre"][0] == pytest.approx(200 - 30 / state["zoom"])
    assert state["centre"][1] == pytest.approx(200 - 20 / state["zoom"])


def test_the_pointer_tells_class_area_and_probability(opened: Opener) -> None:
    ring = Shape((square(10, 10, 40), square(20, 20, 20)), 312.4, 0.87)
    found = {1: [ring], 2: [box(12, 12, 6, 25000)]}
    true = {1: [box(45, 45, 40)]}
    shown = opened(made_page((scene("a", {"prediction": found, "truth": true}),)))
    tip = shown.page.locator(".viewer-tip")

    def told(x: float, y: float) -> str | None:
        shown.page.mouse.move(*shown.spot(x, y))
        shown.page.wait_for_timeout(60)
        return tip.inner_text() if tip.is_visible() else None

    assert told(47, 40) == "Class 1\nPrediction, 312 m², probability 0.87"
    assert told(30, 30) is None
    both = told(15, 15) or ""
    assert "Class 2\nPrediction, 2.5 ha" in both
    assert "Class 1" in both
    shown.press("t")
    both = told(48, 48) or ""
    assert [line for line in both.splitlines() if line] == [
        "Class 1",
        "Prediction, 312 m², probability 0.87",
        "Class 1",
        "Truth, 400 m²",
    ]
    shown.press("1")
    assert told(48, 48) is None
    shown.page.mouse.move(2, 2)
    assert not tip.is_visible()


def test_enter_says_what_is_at_the_cross(opened: Opener) -> None:
    made = scene("a", {"prediction": {1: [box(10, 10, 80, 6400, 0.5)]}})
    shown = opened(made_page((made,)))
    shown.press("Enter")
    said = shown.page.locator("[aria-live]")
    assert said.text_content() == "Class 1: Prediction, 6,400 m², probability 0.50"
    shown.press("1")
    assert said.text_content() == "Class 1: off"
    shown.press("Enter")
    assert said.text_content() == "Nothing at the cross"
    assert not shown.page.locator("details.viewer-keys").evaluate("node => node.open")
    shown.press("h")
    assert shown.page.get_by_text("say what is at the cross").is_visible()


def test_enter_shows_what_is_at_the_cross_until_the_view_moves(opened: Opener) -> None:
    shown = opened(made_page((scene("a", {"prediction": {1: [box(10, 10, 80, 6400, 0.5)]}}),)))
    tip = shown.page.locator(".viewer-tip")
    shown.press("+", "Enter")
    assert tip.inner_text() == "Class 1\nPrediction, 6,400 m², probability 0.50"
    place, canvas = tip.bounding_box(), shown.page.locator(CANVAS).bounding_box()
    assert place is not None
    assert canvas is not None
    assert 0 < place["x"] - (canvas["x"] + canvas["width"] / 2) < 30
    assert 0 < place["y"] - (canvas["y"] + canvas["height"] / 2) < 30
    for key in ("ArrowRight", "+", "Escape", "1"):
        shown.press("Enter")
        assert tip.is_visible()
        shown.press(key)
        assert not tip.is_visible(), key
    shown.press("Enter")
    assert tip.inner_text() == "Nothing at the cross"


def test_a_button_shows_the_difference_of_its_pair(opened: Opener) -> None:
    found = {1: [box(10, 10, 30)]}
    both = scene("both", {"prediction": found, "truth": found})
    buttons = tuple(
        show_button(Target(name, (5, 5, 45, 45), (1,), pair))
        for name, pair in (
            ("both", ("prediction", "truth")),
            ("both", None),
            ("one", ("prediction", "truth")),
            ("both", ("prediction", "gone")),
        )
    )
    shown = opened(made_page((scene("one", {"prediction": found}), both), after=buttons))
    differs = []
    for number in (3, 0, 1, 2):
        shown.page.locator("button.show-in-viewer").nth(number).click()
        differs.append(shown.settle()["difference"])
    assert differs == [False, True, True, False]
    assert shown.state()["layers"] == ["prediction"]


def test_a_button_of_the_page_shows_its_place(opened: Opener) -> None:
    one = scene("one", {"prediction": {1: [box(10, 10, 30)], 2: [box(60, 60, 20)]}})
    two = scene("two", {"prediction": {1: [box(10, 10, 30)], 2: [box(60, 60, 20)]}})
    buttons = (
        show_button(Target("two", (55, 55, 85, 85), (2,))),
        show_button(Target("one", (0, 0, 10, 10))),
        show_button(Target("<b>three</b>", (0, 0, 1, 1))),
    )
    shown = opened(made_page((one, two), after=buttons))
    rows = shown.page.locator("button.show-in-viewer")
    assert rows.nth(2).is_disabled()
    assert "not in the viewer" in (rows.nth(2).get_attribute("title") or "")
    rows.nth(0).click()
    state = shown.settle()
    assert (state["scene"], state["classes"], state["centre"]) == ("two", [2], [70, 70])
    assert 30 * state["zoom"] < 650
    assert shown.page.evaluate("document.activeElement.className") == "viewer-canvas"
    shown.page.evaluate("document.activeElement.blur()")
    row, column = shown.place(55, 70)
    frame = shown.canvas()[row - 20 : row + 20, column - 1 : column + 1]
    assert (frame.min(axis=-1) > 240).any()
    assert (frame.max(axis=-1) < 80).any()
    shown.press("Escape")
    shown.page.evaluate("document.activeElement.blur()")
    assert not (shown.canvas()[row - 20 : row + 20, column - 1 : column + 1] > 240).all(-1).any()
    rows.nth(1).click()
    assert shown.settle()["classes"] == [1, 2, 3]
    assert shown.state()["scene"] == "one"


def _fingers(shown: Shown) -> Callable[..., None]:
    """A function that puts fingers at points, moves them, or with no point lifts them."""
    session = shown.page.context.new_cdp_session(shown.page)
    down = False

    def put(*points: tuple[float, float]) -> None:
        nonlocal down
        kind = ("touchMove" if down else "touchStart") if points else "touchEnd"
        down = bool(points)
        rows = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": rows})

    return put


def test_fingers_pinch_pan_and_tap(opened: Opener) -> None:
    made = scene("a", {"prediction": {1: [box(30, 30, 40, 1600, 0.9)]}})
    shown = opened(made_page((made,)), **PHONE)
    shown.settle()
    shown.page.locator(CANVAS).scroll_into_view_if_needed()
    fit = shown.state()["zoom"]
    x, y = shown.spot(50, 50)
    shown.page.touchscreen.tap(x, y)
    assert "Class 1" in shown.page.locator(".viewer-tip").inner_text()
    touch_action = "getComputedStyle(document.querySelector('canvas.viewer-canvas')).touchAction"
    assert shown.page.evaluate(touch_action) == "pan-y"
    put = _fingers(shown)
    for step in range(9):
        put((x - 40 - 5 * step, y), (x + 40 + 5 * step, y))
    put()
    state = shown.settle()
    assert state["zoom"] == pytest.approx(2 * fit, rel=0.1)
    assert shown.page.evaluate("visualViewport.scale") == 1
    assert shown.page.evaluate(touch_action) == "none"
    for step in range(9):
        put((x, y - 10 * step))
    put()
    after = shown.settle()
    assert after["zoom"] == state["zoom"]
    assert after["centre"][1] > state["centre"][1] + 50 / state["zoom"]
