"""What the viewer draws: every pixel counts."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.reporting.viewer.data import ViewerClass, ViewerLayer
from tests.browser.made_viewer import Shape, box, classes, many, picture, scene, square
from tests.browser.shown_page import Opener, Shown, made_page

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
GREY = (90, 90, 90)
FOUND_AND_TRUE, FOUND, TRUE = (0x5B, 0x8F, 0xF9), (0xFF, 0xB0, 0x00), (0xD8, 0x1B, 0x78)


def opaque(shown: Shown) -> Shown:
    """The same with the result as opaque as can be."""
    shown.page.locator("input[type=range]").fill("100")
    shown.settle()
    return shown


def near(one: tuple[int, ...], two: tuple[int, ...], most: int = 2) -> bool:
    return max(abs(a - b) for a, b in zip(one, two, strict=True)) <= most


def share(pixels: np.ndarray, colour: tuple[int, ...]) -> float:
    """Which part of the pixels has a colour."""
    return float((np.abs(pixels - np.array(colour)).max(axis=-1) <= 3).mean())


def around(shown: Shown, x: float, y: float, half: int = 15) -> np.ndarray:
    """Pixels around a point of the scene: all phases of any pattern."""
    row, column = shown.place(x, y)
    return shown.canvas()[row - half : row + half, column - half : column + half]


def test_classes_are_drawn_where_they_are_and_switched_off(opened: Opener) -> None:
    found = {1: [box(10, 10, 30)], 2: [box(60, 10, 30)], 3: [box(10, 60, 30)]}
    shown = opaque(opened(made_page((scene("a", {"prediction": found}),))))
    assert shown.colour(25, 25) == RED
    assert shown.colour(75, 25) == GREEN
    assert shown.colour(25, 75) == BLUE
    assert shown.colour(75, 75) == GREY
    shown.page.get_by_label("Class 2").uncheck()
    assert shown.colour(75, 25) == GREY
    assert shown.colour(25, 25) == RED
    shown.page.get_by_role("button", name="None").click()
    assert shown.colour(25, 25) == GREY
    shown.page.get_by_role("button", name="All", exact=True).click()
    assert shown.colour(75, 25) == GREEN
    assert shown.press("3")["classes"] == [1, 2]
    assert shown.colour(25, 75) == GREY


def test_polygons_have_exact_edges_and_holes(opened: Opener) -> None:
    ring = Shape((square(20, 20, 60), square(40, 40, 20)[::-1]))
    same_way = Shape((square(0, 0, 15), square(5, 5, 5)))
    found = {1: [ring, same_way]}
    shown = opaque(opened(made_page((scene("a", {"prediction": found}),))))
    pixels = shown.canvas()
    scale = shown.state()["zoom"]
    red = (pixels[..., 0] > 100) & (pixels[..., 1] < 60)
    expected = (60 * 60 - 20 * 20 + 15 * 15 - 5 * 5) * scale**2
    assert red.sum() == pytest.approx(expected, rel=0.02)
    assert shown.colour(50, 50) == GREY
    assert shown.colour(7.5, 7.5) == GREY
    assert shown.colour(30, 50) == RED
    assert shown.colour(2, 2) == RED


def test_tiles_join_without_seams_at_every_zoom(opened: Opener) -> None:
    """Two triangles share the diagonal of a scene that many tiles cover."""
    corners = ((0, 0), (100, 0), (100, 100), (0, 100))
    found = {1: [Shape((corners[:3],)), Shape(((corners[0], corners[2], corners[3]),))]}
    shown = opaque(opened(made_page((scene("a", {"prediction": found}),))))
    shown.press("+", "+", "ArrowRight", "+")
    assert shown.state()["zoom"] > 20
    shown.page.evaluate("document.activeElement.blur()")
    middle = shown.canvas()[20:-20, 20:-20]
    reddish = (middle[..., 0] >= 138) & (middle[..., 1:].max(axis=-1) <= 1)
    assert reddish.all()
    assert share(middle, RED) > 0.95


def test_the_difference_is_exact(opened: Opener) -> None:
    layers = {"prediction": {1: [box(10, 10, 50)]}, "truth": {1: [box(30, 30, 50)]}}
    shown = opaque(opened(made_page((scene("a", layers),))))
    assert shown.press("d")["difference"]
    shown.page.evaluate("document.activeElement.blur()")
    for _ in range(2):
        assert shown.colour(45, 45) == FOUND_AND_TRUE
        assert share(around(shown, 45, 45), FOUND_AND_TRUE) == 1
        assert 0.5 < share(around(shown, 20, 20), FOUND) < 0.9
        assert 0.5 < share(around(shown, 70, 70), TRUE) < 0.9
        assert shown.colour(70, 20) == shown.colour(20, 70) == GREY
        pixels = shown.canvas()
        blue = share(pixels, FOUND_AND_TRUE) * pixels.shape[0] * pixels.shape[1]
        side = 30 * shown.state()["zoom"]
        assert blue == pytest.approx(side**2, abs=4 * side)
        shown.page.get_by_label("Zoom out").click()
        shown.settle()


def test_the_difference_leaves_out_ground_of_which_nothing_is_known(opened: Opener) -> None:
    layers = {
        "prediction": {1: [box(10, 10, 50)]},
        "truth": {1: [box(30, 30, 50)]},
        "unknown": {-1: [box(0, 0, 40)]},
    }
    shown = opaque(opened(made_page((scene("a", layers), scene("b", {"prediction": {}})))))
    meaning = shown.page.get_by_text("Nothing is known")
    assert not meaning.is_visible()
    shown.press("d")
    shown.page.evaluate("document.activeElement.blur()")
    assert meaning.is_visible()
    assert share(around(shown, 50, 50), FOUND_AND_TRUE) == 1
    assert share(around(shown, 50, 20), FOUND) > 0.5
    for x, y in ((20, 20), (35, 35), (5, 5)):
        veiled = around(shown, x, y)
        assert np.ptp(veiled, axis=-1).max() <= 2
        assert veiled.mean() > GREY[0] + 20
    assert shown.press("d")["layers"] == ["prediction"]
    assert shown.colour(20, 20) == RED
    assert shown.colour(5, 5) == GREY


def test_equal_layers_leave_no_fringe_of_errors(opened: Opener) -> None:
    blobs = {1: many(60, 100, 5)[1] + many(60, 100, 5)[2]}
    shown = opaque(opened(made_page((scene("a", {"prediction": blobs, "truth": blobs}),))))
    shown.press("d")
    shown.page.evaluate("document.activeElement.blur()")
    pixels = shown.canvas()
    assert share(pixels, FOUND_AND_TRUE) > 0.02
    red, blue = pixels[..., 0], pixels[..., 2]
    assert (red - blue).max() <= 1


def test_another_class_found_is_shown_as_such(opened: Opener) -> None:
    layers = {"prediction": {1: [box(10, 10, 50)]}, "truth": {2: [box(10, 10, 50)]}}
    shown = opaque(opened(made_page((scene("a", layers),))))
    shown.press("d")
    both = around(shown, 35, 35)
    assert share(both, FOUND) > 0.3
    assert share(both, (0xB0, 0x00, 0x5A)) > 0.1
    shown.press("1")
    assert share(around(shown, 35, 35), FOUND) == 0
    assert share(around(shown, 35, 35), TRUE) > 0.5


def test_truth_above_prediction_is_dashed_outlines(opened: Opener) -> None:
    layers = {"prediction": {1: [box(10, 10, 60)]}, "truth": {2: [box(30, 30, 60)]}}
    shown = opaque(opened(made_page((scene("a", layers),))))
    assert shown.press("t")["layers"] == ["prediction", "truth"]
    assert shown.colour(60, 60) == RED
    assert shown.colour(80, 80) == GREY
    row, column = shown.place(30, 75)
    edge = shown.canvas()[row - 45 : row + 45, column - 1 : column + 1]
    assert 0.4 < (edge[..., 1] > 2 * edge[..., 0]).mean() < 0.85
    assert shown.press("p")["layers"] == ["truth"]
    assert shown.colour(60, 60) == GREEN
    shown.page.get_by_label("Outlines only").check()
    assert shown.colour(60, 60) == GREY


def test_opacity_mixes_with_the_picture(opened: Opener) -> None:
    shown = opened(made_page((scene("a", {"prediction": {1: [box(10, 10, 60)]}}),)))
    slider = shown.page.locator("input[type=range]")
    slider.fill("50")
    assert near(shown.colour(40, 40), (172, 45, 45))
    slider.fill("0")
    assert shown.colour(40, 40) == GREY
    slider.focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown.settle()["opacity"] == pytest.approx(0.05)


def test_small_things_lie_above_large_ones(opened: Opener) -> None:
    found = {1: [box(45, 45, 10)], 2: [box(5, 5, 90)]}
    shown = opaque(opened(made_page((scene("a", {"prediction": found}),))))
    assert shown.colour(50, 50) == RED


def test_things_below_a_pixel_count_by_their_area(opened: Opener) -> None:
    """Squares of 3/8 on a grid of 1 cover 9/64."""
    tiny = [box(x + 0.25, y + 0.25, 0.375) for x in range(60) for y in range(60)]
    found = {1: [*tiny, box(899, 899, 1)]}
    made = scene("a", {"prediction": found}, (900, 900))
    shown = opaque(opened(made_page((made,))))
    assert shown.state()["zoom"] < 1
    row, column = shown.place(10, 10)
    end = shown.place(50, 50)
    mean = shown.canvas()[row : end[0], column : end[1]].mean(axis=(0, 1))
    assert mean[0] == pytest.approx(90 + 9 / 64 * 165, abs=2)
    assert mean[1] == pytest.approx(90 * 55 / 64, abs=2)


def test_patterns_tell_classes_of_one_colour_apart(opened: Opener) -> None:
    patterns = ("solid", "diagonal", "dots", "cross", "back-diagonal")
    rows = tuple(ViewerClass(k, f"k{k}", "#c04020", name) for k, name in enumerate(patterns))
    found = {k: [box(20 * k, 20, 19)] for k in range(5)}
    shown = opaque(opened(made_page((scene("a", {"prediction": found}),), rows=rows)))
    seen = [around(shown, 20 * k + 9.5, 29.5, 10) for k in range(5)]
    shares = [share(pixels, (0xC0, 0x40, 0x20)) for pixels in seen]
    assert shares[0] == 1
    assert all(0.3 < part < 0.95 for part in shares[1:])
    for one in range(5):
        for two in range(one):
            assert np.abs(seen[one] - seen[two]).max() > 60


def test_a_screen_of_two_pixels_per_point_is_used(opened: Opener) -> None:
    text = made_page((scene("a", {"prediction": {1: [box(10, 10, 30)]}}),))
    shown = opaque(opened(text, device_scale_factor=2))
    width, css = shown.page.evaluate(
        "(c => [c.width, c.clientWidth])(document.querySelector('canvas.viewer-canvas'))"
    )
    assert width == 2 * css
    row, column = shown.place(10, 25)
    line = shown.canvas()[row, column - 6 : column + 6, 1]
    assert line[0] == 90
    assert line[-1] == 0


def test_another_picture_and_another_scene(opened: Opener) -> None:
    pictures = [("true", picture(4, 4, (10, 20, 30))), ("false", picture(8, 8, (200, 100, 50)))]
    one = scene("one", {"prediction": {1: [box(10, 10, 30)]}}, pictures=pictures, note="held out")
    two = scene("two", {"prediction": {2: [box(10, 10, 30)]}}, pictures=pictures[1:])
    shown = opaque(opened(made_page((one, two))))
    assert shown.colour(80, 80) == (10, 20, 30)
    shown.page.get_by_label("Picture", exact=True).select_option(label="false")
    assert shown.colour(80, 80) == (200, 100, 50)
    assert shown.page.locator(".viewer-note").text_content() == "held out"
    shown.page.get_by_label("Next scene").click()
    assert shown.settle()["scene"] == "two"
    assert shown.colour(25, 25) == GREEN
    assert shown.press("[")["scene"] == "one"
    assert shown.colour(25, 25) == RED


def test_runs_side_by_side_as_layers(opened: Opener) -> None:
    """Two runs and the truth: either can be shown, and either difference."""
    layers = (ViewerLayer("a", "Run a"), ViewerLayer("b", "Run b"), ViewerLayer("truth", "Truth"))
    found = {
        "a": {1: [box(10, 10, 30)]},
        "b": {2: [box(10, 10, 30)]},
        "truth": {2: [box(10, 10, 30)]},
    }
    pairs = (("a", "truth"), ("b", "truth"))
    text = made_page((scene("s", found),), layers=layers, pairs=pairs)
    shown = opaque(opened(text))
    assert shown.colour(25, 25) == RED
    assert shown.press("p")["layers"] == ["b"]
    assert shown.colour(25, 25) == GREEN
    assert shown.press("d")["layers"] == ["a", "truth"]
    assert share(around(shown, 25, 25), FOUND_AND_TRUE) == 0
    shown.page.get_by_label("Difference of").select_option(label="Run b and Truth")
    assert share(around(shown, 25, 25), FOUND_AND_TRUE) == 1


@pytest.mark.parametrize("shape", [(3, 5), (20000, 20000)])
def test_scenes_of_any_size(opened: Opener, shape: tuple[int, int]) -> None:
    height, width = shape
    corners = ((0, 0), (width / 2, 0), (width / 2, height / 2), (0, height / 2))
    made = scene("a", {"prediction": {1: [Shape((corners,))]}}, shape, metres=None)
    shown = opaque(opened(made_page((made,))))
    assert shown.colour(width / 4, height / 4) == RED
    assert shown.colour(3 * width / 4, height / 4) == GREY
    shown.press(*["+"] * 20)
    assert shown.settle()["zoom"] >= 35
    assert "pixel" in (shown.page.locator(".viewer-scale").text_content() or "")


def test_sixty_classes_and_layers_without_polygons(opened: Opener) -> None:
    found = {
        code: [box(10 * ((code - 1) % 10), 10 * ((code - 1) // 10), 9)] for code in range(1, 61)
    }
    made = (
        scene("a", {"prediction": found, "truth": {}}),
        scene("b", {}),
        scene("c", {"truth": {}}),
    )
    shown = opaque(opened(made_page(made, rows=classes(60))))
    assert shown.colour(4.5, 4.5) == RED
    assert shown.press("d")["waiting"] == 0
    assert shown.press("]")["layers"] == []
    box_of_truth = shown.page.get_by_label("Truth")
    assert box_of_truth.is_disabled()
    assert "not in this scene" in (shown.page.locator(".viewer-panel").text_content() or "")
    assert shown.press("]", "t")["layers"] == []
    assert shown.colour(4.5, 4.5) == GREY
