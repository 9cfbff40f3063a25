"""The benchmark of polygons: masks are as asked, figures are right, the script runs."""

from __future__ import annotations

import csv
import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from shapely import MultiPolygon, box

from pipeline.mapping.jaccard import Overlap
from tests.chain_project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import bench_polygons
from polygon_bench import cases, checking, masks, memory, methods, overlaps, report, timing
from polygon_bench.real import real_classes
from polygon_bench.tracing import Case, Quality, Traced, quality_of, trace_all

UNIT = Affine.identity()


@pytest.fixture
def ring() -> masks.Mask:
    """6 x 8 pixels, a square of 4 with a hole of 2, and a pixel that touches its corner."""
    mask = np.zeros((6, 8), bool)
    mask[1:5, 1:5] = True
    mask[2:4, 2:4] = False
    mask[5, 5] = True
    return mask


def _traced(case: str, method: str, seconds: tuple[float, ...], iou: float = 1.0) -> Traced:
    return Traced(case, method, seconds, Quality(iou, parts=2, vertices=10, wkt=100, invalid=0))


def test_figures_of_a_mask_worked_out_by_hand(ring: masks.Mask) -> None:
    exact = quality_of(ring, methods.shapes(ring), UNIT)
    # Rings of four corners, closed: the square's, the hole's, the pixel's.
    assert (exact.iou, exact.parts, exact.vertices, exact.invalid) == (1.0, 2, 15, 0)
    # 13 of 13 pixels are true; the box without its hole has 16 + 1.
    filled = quality_of(ring, np.array([box(1, 1, 5, 5), box(5, 5, 6, 6)]), UNIT)
    assert filled.iou == pytest.approx(13 / 17)
    crossing = shapely.from_wkt("POLYGON ((0 0, 4 4, 4 0, 0 4, 0 0))")
    assert quality_of(ring, np.array([crossing]), UNIT).invalid == 1
    nothing = quality_of(np.zeros((3, 3), bool), np.empty(0, object), UNIT)
    assert (nothing.iou, nothing.vertices, nothing.invalid) == (1.0, 0, 0)
    assert nothing.wkt == len("MULTIPOLYGON EMPTY")


def test_contours_run_through_pixel_centres() -> None:
    mask = np.zeros((8, 10), bool)
    mask[1:7, 1:9] = True
    (part,) = methods.contours(mask)
    assert part.equals(box(1, 1, 8, 6)), "half a pixel is lost on each side"
    mask[3:5, 3:7] = False
    (part,) = methods.contours(mask)
    assert len(part.interiors) == 1
    # A hole's contour runs through the pixels around it, with corners left out.
    assert shapely.polygons(part.interiors[0]).within(box(2, 2, 7, 5))
    mask[:] = False
    mask[2, 2] = True
    assert len(methods.contours(mask)) == 0, "a pixel has no area between its centre and itself"


def test_all_methods_of_ours_and_rasterio_agree(ring: masks.Mask) -> None:
    wanted = shapely.multipolygons(methods.shapes(ring))
    assert shapely.multipolygons(methods.windowed(ring)).equals(wanted)
    names = [method.name for method in methods.methods()]
    assert {report.OURS, report.SIMPLE, report.CONTOURS, report.SHAPES} <= set(names)
    rows = trace_all([Case("ring", ring, UNIT)], methods.methods(), 2)
    assert [row.method for row in rows] == names
    assert all(len(row.seconds) == 2 for row in rows)
    assert next(row for row in rows if row.method == report.OURS).quality.iou == 1


def test_ways_take_turns() -> None:
    calls: list[str] = []

    def call(name: str) -> str:
        calls.append(name)
        return name

    ways = [partial(call, name) for name in "abc"]
    seconds, results = timing.in_turns(ways, 3)
    assert "".join(calls) == "abcbcacab"
    assert results == ["a", "b", "c"]
    assert [len(times) for times in seconds] == [3, 3, 3]


def test_scoring_in_all_ways_gives_the_same_areas() -> None:
    truth = MultiPolygon([box(0, 0, 4, 4), box(6, 0, 8, 2)])
    prediction = MultiPolygon([box(1, 1, 5, 5)])
    pairs = [overlaps.Pair("squares", prediction, truth)]
    (row,) = overlaps.score_all(pairs, 1)
    for way in (overlaps.by_union, overlaps.by_overlay):
        found = way(prediction, truth)
        assert (found.tp, found.fp, found.fn) == (9, 7, 11)
    assert row.jaccard == pytest.approx(9 / 27)
    assert row.difference <= overlaps.CLOSE
    one, other = Overlap(9, 7, 11), Overlap(9, 7, 14)
    assert overlaps.difference_of(one, other) == 3 / 30
    assert overlaps.difference_of(Overlap(), Overlap()) == 0


def test_checks_agree_on_a_sound_table_and_the_plain_one_finds_faults(tmp_path: Path) -> None:
    classes = [MultiPolygon([box(1, 1, 3, 3), box(4, 4, 5, 5)]), MultiPolygon()]
    table, sample = checking.write_tables(tmp_path, classes, Affine.scale(1e-3, -1e-3), 3)
    checked = checking.check_both(table, sample, (1, 2), 1)
    assert (checked.rows, checked.agree, checked.bytes) == (6, True, table.stat().st_size)
    assert checking.plainly(table) == 3
    with table.open("a", newline="") as file:
        crossing = "MULTIPOLYGON (((0 0, 4 4, 4 0, 0 4, 0 0)))"
        csv.writer(file).writerow(("6000_0_0", 3, crossing))
    with pytest.raises(ValueError, match="invalid"):
        checking.plainly(table)


def test_summaries_take_the_fastest_round_of_each_mask() -> None:
    rows = [
        _traced("a", "ours", (0.3, 0.1), 0.9),
        _traced("b", "ours", (0.1, 0.2), 0.7),
        _traced("a", "other", (0.4, 0.5)),
        _traced("b", "other", (0.6, 0.9)),
    ]
    ours, other = report.summarise(rows)
    assert (ours.seconds, ours.ratio) == pytest.approx((0.2, 1))
    assert (other.seconds, other.ratio) == pytest.approx((1.0, 5))
    assert (ours.mean_iou, ours.lowest_iou) == pytest.approx((0.8, 0.7))
    assert (ours.vertices, ours.wkt) == (20, 200)


@pytest.mark.parametrize(("contours", "held"), [(0.5, True), (0.01, False)])
def test_what_is_asked_is_held_against_the_figures(contours: float, held: bool) -> None:
    names = (report.OURS, report.SIMPLE, report.CONTOURS, report.SHAPES)
    times = (0.1, 0.1, contours, 0.5)
    rows = [_traced("a", name, (time,)) for name, time in zip(names, times, strict=True)]
    asked = {row.text: row for row in report.of_tracing("x", rows)}
    assert asked["x: times as fast as OpenCV contours (at least 1)"].held is held
    assert asked["x: times as fast as rasterio shapes (at least 2)"].value == pytest.approx(5)
    assert not asked["x: share of vertices, simplified (at most 0.5)"].held


def test_tables_are_as_wide_as_their_cells() -> None:
    assert report.table(("a", "bcd"), [("12", "x")]) == "\n".join(
        ("| a  | bcd |", "| -- | --- |", "| 12 | x   |")
    )


def test_memory_is_measured_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "methods", lambda: [methods.Method(report.SHAPES, methods.shapes)])
    used = memory.peaks(np.indices((600, 600)).sum(axis=0) % 7 < 3, tmp_path)
    assert used.keys() == {report.SHAPES}
    assert 0.5 < used[report.SHAPES] < 500
    assert memory.peak() > 10


def test_the_script_runs_on_a_small_scene_with_real_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "peaks", lambda mask, folder: {report.OURS: 12.0})
    data = _contest_folder(tmp_path / "data")
    (found,) = real_classes(data)
    assert found.name == "6010_1_2 trees"
    # Half of the scene's breadth, a quarter of its height.
    assert found.mask.mean() == pytest.approx(1 / 8, rel=0.03)
    path = tmp_path / "figures.json"
    options = ["--quick", "--height", "300", "--width", "320", "--data", str(data)]
    assert bench_polygons.main([*options, "--json", str(path)]) in {0, 1}
    printed = capsys.readouterr().out
    assert "| ours " in printed
    assert "6010_1_2 trees" in printed
    figures = json.loads(path.read_text())
    assert {"traced", "memory", "scored", "checked", "asked"} == set(figures)
    assert set(figures["traced"]) == {"generated", "real"}
    exact = [row for row in figures["traced"]["generated"] if row["method"] == report.OURS]
    assert len(exact) == len(masks.LAYERS) + len(cases.RAGGED)
    assert all(row["quality"]["iou"] == 1 for row in exact)


def test_a_folder_without_labels_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--quick", "--height", "60", "--width", "60", "--data", str(tmp_path)]
    assert bench_polygons.main(options) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_missing_labels_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("REAL_SCENES", raising=False)
    monkeypatch.setattr(bench_polygons, "measure", lambda *_: _no_figures())
    bench_polygons.main(["--quick", "--height", "200", "--width", "200"])
    assert "no real labels" in capsys.readouterr().out


def _no_figures() -> bench_polygons.Figures:
    return bench_polygons.Figures({}, {}, {}, checking.Checked(1, 1, (1.0,), (2.0,), True))


def _contest_folder(folder: Path) -> Path:
    """A labelled scene of a tenth of a kilometre."""
    (folder / "sixteen_band").mkdir(parents=True)
    (folder / "sixteen_band" / "6010_1_2_A.tif").touch()
    (folder / "grid_sizes.csv").write_text(",Xmax,Ymin\n6010_1_2,0.001,-0.001\n")
    header = "ImageId,ClassType,MultipolygonWKT\n"
    label = shapely.to_wkt(MultiPolygon([box(0, -0.00025, 0.0005, 0)]))
    (folder / "train_wkt_v4.csv").write_text(f'{header}6010_1_2,5,"{label}"\n')
    (folder / "sample_submission.csv").write_text(f"{header}6010_1_2,5,MULTIPOLYGON EMPTY\n")
    return folder
