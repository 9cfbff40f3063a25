"""However a scene is cut into strips: the same bytes of polygons."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.config.rules import Bridge, Clear, IndexRow, Near, RuleRow, Shape, SpectralIndex
from pipeline.mapping.geojson import to_geojson
from pipeline.mapping.masks.finishing import Finish
from pipeline.mapping.masks.parts import Parts
from pipeline.mapping.masks.planes import HeldPlane, StoredPlane, Strips
from pipeline.mapping.masks.postprocessing import Cleaning
from pipeline.mapping.masks.softening import smoothed
from pipeline.mapping.prediction.answers import HeldLevels
from pipeline.mapping.prediction.coverage import Levels
from pipeline.mapping.rules import depth
from pipeline.stages.polygons import scene_objects

CODES = (1, 2, 3, 4)
CLASSES = [ClassRow(code=code, name=f"class {code}") for code in CODES]
SHAPE = (37, 29)
ALIKE = Polygons(simplify_cost={1: 0.1, 2: 0.05, 3: 0.1, 4: 0.1}, square=(3,), round=(4,))
AREAS = st.sampled_from([0.0, 1.0, 3.0, 12.0, 60.0])
CLEANINGS = st.builds(
    Cleaning,
    level=st.integers(90, 150),
    smooth=st.sampled_from([0.0, 0.6, 1.1]),
    min_area=AREAS,
    min_hole=AREAS,
    seed=st.sampled_from([0, 150, 190]),
    median=st.sampled_from([0.0, 1.0]),
    closing=st.sampled_from([0.0, 1.0, 2.3]),
    opening=st.sampled_from([0.0, 1.0]),
)
RULES: tuple[RuleRow, ...] = (
    Bridge(rule="bridge", of=(1, 3), metres=3.5),
    Clear(rule="clear", by=(1,), of=(2, 3), grow=1.5),
    Shape(rule="shape", of=3, into=4, min_elongation=1.5, max_area=40, border="keep"),
    Shape(rule="shape", of=2, min_width=2),
    Near(rule="near", of=(2, 3), to=(4,), metres=2.3, ground=0.5, covered_by=(1,)),
    IndexRow(rule="index", of=4, index="NDVI", above=0.6, how="add"),
)


def levels_of(seed: int, grain: float) -> Levels:
    rng = np.random.default_rng(seed)
    levels = np.stack([smoothed(rng.integers(0, 256, SHAPE, np.uint8), grain) for _ in CODES])
    levels = np.clip((levels.astype(int) - 128) * (1 + 4 * grain) + 128, 1, 255).astype(np.uint8)
    levels[:, :4, :9] = 0
    levels[:2, 20:23, 20:] = 0
    return levels


def text_of(
    levels: Levels, strips: Strips, cleanings: tuple[Cleaning, ...], rules: tuple[RuleRow, ...]
) -> str:
    values = np.random.default_rng(9).uniform(-1, 1, SHAPE).astype(np.float32)

    def index(_: SpectralIndex) -> NDArray[np.float32]:
        return values

    finish = Finish(CODES, cleanings, rules)
    held = HeldLevels(levels)
    objects = scene_objects(held, strips, 1.0, CLASSES, finish, ALIKE, index)
    return to_geojson(objects, Affine(0.3, 0, 7, 0, -0.3, 9))


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 999),
    grain=st.sampled_from([0.7, 1.5, 3.0]),
    cleanings=st.tuples(*[CLEANINGS] * 4),
    rules=st.permutations(RULES).flatmap(lambda rows: st.integers(0, 6).map(lambda n: rows[:n])),
    rows=st.integers(1, 12),
    side=st.one_of(st.none(), st.integers(1, 12)),
)
def test_strips_do_not_show(
    seed: int,
    grain: float,
    cleanings: tuple[Cleaning, ...],
    rules: list[RuleRow],
    rows: int,
    side: int | None,
) -> None:
    levels = levels_of(seed, grain)
    whole = text_of(levels, Strips(SHAPE), cleanings, tuple(rules))
    with tempfile.TemporaryDirectory() as folder:
        strips = Strips(SHAPE, rows, side, Path(folder))
        assert text_of(levels, strips, cleanings, tuple(rules)) == whole
        assert not list(Path(folder).iterdir()), "no plane waits longer than it is needed"


def test_depth_is_read_as_far_as_it_reaches(tmp_path: Path) -> None:
    """The only pixel outside is a corner: windows grow until it is seen."""
    mask = np.ones((50, 40), np.bool_)
    mask[0, 0] = False
    whole = depth.depth_of(HeldPlane(mask), Strips(mask.shape))(slice(0, 50))
    for margin, side in ((1, 7), (4, 64), (64, 5)):
        strips = Strips(mask.shape, 9, None, tmp_path)
        patched = {"_MARGIN": margin, "_SIDE": side}
        before = {name: getattr(depth, name) for name in patched}
        try:
            vars(depth).update(patched)
            read = depth.depth_of(HeldPlane(mask), strips)
            found = np.concatenate([read(rows) for rows in strips])
        finally:
            vars(depth).update(before)
        np.testing.assert_array_equal(found, whole)
    # Of the second pixel the upper quarters lie half a step from the border, the lower left one
    # as far from the unset pixel; the lower right one is one step further in.
    assert whole[0, 1] == (0.5 + 0.5 + 0.5 + 1.5) * depth.STEPS


def test_parts_across_seams_by_hand(tmp_path: Path) -> None:
    """A comb whose teeth join in the last row only, and a pixel beside it, joined by a corner."""
    rows = ("#.#.#..", "#.#.#..", "#.#.#.#", "#####.#", ".....#.")
    mask = np.array([[letter == "#" for letter in row] for row in rows])
    for height in (1, 2, 3, 5):
        strips = Strips((5, 7), height, None, tmp_path)
        plane = strips.plane(mask[part] for part in strips)
        parts = Parts(plane, strips)
        assert sorted(parts.areas.tolist()) == [0, 1, 2, 14]
        np.testing.assert_array_equal(parts.kept(parts.areas > 2).read(slice(0, 5))[:, 5:], False)
        assert sorted(Parts(plane, strips, 8).areas.tolist()) == [0, 17]
        ones = parts.sums(lambda part: np.ones((part.stop - part.start, 7), np.int64))
        np.testing.assert_array_equal(ones[1:], parts.areas[1:])


def test_what_fits_stays_in_memory(tmp_path: Path) -> None:
    small = Strips.within(2**30, (3348, 3392), 10, 4096, tmp_path)
    assert list(small) == [slice(0, 3348)]
    assert isinstance(
        small.plane(np.ones((3348, 3392), np.bool_)[part] for part in small), HeldPlane
    )
    large = Strips.within(2**30, (20_000, 20_000), 10, 4096, tmp_path)
    heights = {part.stop - part.start for part in large}
    assert max(heights) == 768
    assert isinstance(large.plane(np.zeros((1, 20_000), np.bool_) for _ in range(1)), StoredPlane)
    least = Strips.within(1000, (20_000, 20_000), 10, 4096, tmp_path)
    assert max(part.stop - part.start for part in least) == 256
