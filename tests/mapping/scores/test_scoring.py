"""Exact areas: by hand, and equal to plain sums of areas on random polygons."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon

from pipeline.config.dataset import ClassRow
from pipeline.errors import ScoringError
from pipeline.imagery.outlines import check_outline, made_valid
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.scores.objects import Found
from pipeline.mapping.scores.score_record import scenes_csv, score_record
from pipeline.mapping.scores.scoring import Score, score_scenes, score_sources
from pipeline.mapping.text import polygonal

HEADER = "ImageId,ClassType,MultipolygonWKT\n"
BOW_TIE = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"


def table(path: Path, *rows: tuple[str, int, str]) -> Path:
    path.write_text(HEADER + "".join(f'{image},{code},"{wkt}"\n' for image, code, wkt in rows))
    return path


def classes(*codes: int, countable: bool = False) -> list[ClassRow]:
    return [ClassRow(code=code, name=f"class {code}", countable=countable) for code in codes]


def box(*bounds: float) -> str:
    return str(shapely.box(*bounds).wkt)


@st.composite
def multipolygons(draw: st.DrawFn) -> MultiPolygon:
    """Union of random triangles and boxes: holes, touching parts, slivers."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 0.01, (draw(st.integers(1, 12)), 3, 2))
    return polygonal(shapely.union_all(shapely.polygons(corners)))


@settings(deadline=None, max_examples=100)
@given(pairs=st.lists(st.tuples(multipolygons(), multipolygons()), min_size=1, max_size=4))
def test_equals_plain_sums_of_areas(pairs: list[tuple[MultiPolygon, MultiPolygon]]) -> None:
    assume(all(p.is_valid and t.is_valid for p, t in pairs))
    scenes = [(str(i), {7: p}, {7: t}) for i, (p, t) in enumerate(pairs)]
    found = score_scenes(scenes, classes(7)).classes[7]
    tp = sum(p.intersection(t).area for p, t in pairs)
    fp = sum(p.difference(t).area for p, t in pairs)
    fn = sum(t.difference(p).area for p, t in pairs)
    union = tp + fp + fn
    assert found.tp == pytest.approx(tp, rel=1e-9)
    assert found.fp == pytest.approx(fp, rel=1e-9, abs=1e-9 * union)
    assert found.fn == pytest.approx(fn, rel=1e-9, abs=1e-9 * union)
    assert found.jaccard == pytest.approx(tp / union, rel=1e-9)


def test_tables_pooled_over_scenes_in_any_order(tmp_path: Path) -> None:
    truth = table(
        tmp_path / "truth.csv",
        ("a", 1, box(0, 0, 2, 1)),
        ("a", 2, "MULTIPOLYGON EMPTY"),
        ("b", 1, box(0, 0, 1, 1)),
        ("b", 2, "MULTIPOLYGON EMPTY"),
    )
    submission = table(
        tmp_path / "submission.csv",
        ("c", 1, box(0, 0, 9, 9)),
        ("b", 2, box(0, 0, 1, 1)),
        ("b", 1, box(0, 0, 1, 1)),
        ("a", 1, box(1, 0, 3, 1)),
        ("a", 2, "MULTIPOLYGON EMPTY"),
    )
    score = score_sources(submission, truth, classes(1, 2))
    # Class 1: scene a 1 of 3, scene b 1 of 1, pooled 2 / 4. Scene c is not in the truth.
    assert score.classes == {1: Overlap(2, 1, 1), 2: Overlap(0, 1, 0)}
    assert score.mean("zero") == 0.25
    assert score.scenes == {
        "a": {1: Overlap(1, 1, 1), 2: Overlap()},
        "b": {1: Overlap(1, 0, 0), 2: Overlap(0, 1, 0)},
    }


def test_class_that_the_truth_leaves_out_is_nowhere(tmp_path: Path) -> None:
    truth = table(tmp_path / "truth.csv", ("a", 1, box(0, 0, 1, 1)))
    submission = table(
        tmp_path / "submission.csv", ("a", 2, box(0, 0, 3, 1)), ("a", 1, box(0, 0, 1, 1))
    )
    score = score_sources(submission, truth, classes(1, 2))
    assert score.classes == {1: Overlap(1, 0, 0), 2: Overlap(0, 3, 0)}


def test_truth_is_made_valid(tmp_path: Path) -> None:
    truth = table(tmp_path / "truth.csv", ("a", 1, BOW_TIE))
    submission = table(tmp_path / "submission.csv", ("a", 1, box(0, 0, 1, 2)))
    assert score_sources(submission, truth, classes(1)).classes[1] == Overlap(1, 1, 1)
    assert made_valid(shapely.from_wkt(BOW_TIE)).area == 2


@pytest.mark.parametrize(
    ("parts", "area"),
    [(((0, -4, 4, 0), (1, -2, 2, -1)), 16), (((0, -4, 4, 0), (2, -6, 6, -2)), 28)],
    ids=["one inside the other", "overlapping"],
)
def test_truth_is_read_as_training_reads_it(
    tmp_path: Path, parts: tuple[tuple[float, float, float, float], ...], area: float
) -> None:
    text = MultiPolygon([shapely.box(*part) for part in parts]).wkt
    trained_on = check_outline(text, (0, -10, 10, 0), (0, 0))
    truth = table(tmp_path / "truth.csv", ("a", 1, text))
    submission = table(tmp_path / "submission.csv", ("a", 1, trained_on.text))
    assert trained_on.area == area
    assert score_sources(submission, truth, classes(1)).classes[1] == Overlap(area, 0, 0)


def test_prediction_of_a_held_out_scene_is_read_as_its_truth_is() -> None:
    # Rounding has moved a corner of the second part into the first.
    parts = [shapely.box(0, 0, 2, 2), shapely.polygons([(1.75, 1), (4, 0), (4, 2), (1.75, 1)])]
    predicted, truth = MultiPolygon(parts), shapely.union_all(parts)
    assert not predicted.is_valid
    found = score_scenes([("a", {1: predicted}, {1: truth})], classes(1)).classes[1]
    assert found.tp == pytest.approx(truth.area, rel=1e-12)
    assert (found.fp, found.fn) == (0, 0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", 1, BOW_TIE)], "submission.csv, row 2: invalid geometry (Self-intersection"),
        ([("b", 1, "MULTIPOLYGON EMPTY")], "has no row for scene a, class 1, which"),
        ([("a", 1, "POINT (1 1)")], "submission.csv, row 2: 'POINT (1 1)' is no POLYGON"),
        ([("a", 3, BOW_TIE)], "class code '3' is not in"),
    ],
)
def test_bad_submissions(tmp_path: Path, rows: list[tuple[str, int, str]], message: str) -> None:
    truth = table(tmp_path / "truth.csv", ("a", 1, box(0, 0, 1, 1)))
    submission = table(tmp_path / "submission.csv", *rows)
    with pytest.raises(ScoringError) as caught:
        score_sources(submission, truth, classes(1))
    assert message in str(caught.value)


@pytest.mark.parametrize("wkt", [BOW_TIE, "POLYGON ((0 0, nan 0, 1 1, 0 0))"])
def test_a_table_that_can_t_be_scored_is_sent_to_check(tmp_path: Path, wkt: str) -> None:
    truth = table(tmp_path / "truth.csv", ("a", 1, box(0, 0, 1, 1)))
    submission = table(tmp_path / "submission.csv", ("a", 1, wkt))
    with pytest.raises(ScoringError, match=f"row 2: .*python -m pipeline check {submission} names"):
        score_sources(submission, truth, classes(1))


def test_one_row_that_is_missing_is_no_more_than_one(tmp_path: Path) -> None:
    rows = [("a", code, box(0, 0, 1, 1)) for code in (1, 2, 3)]
    truth = table(tmp_path / "truth.csv", *rows)
    with pytest.raises(ScoringError, match=r"row 4 has; add the missing rows"):
        score_sources(table(tmp_path / "s.csv", *rows[:2]), truth, classes(1, 2, 3))
    with pytest.raises(ScoringError, match=r"row 3 has \(and 1 more\); add"):
        score_sources(table(tmp_path / "s.csv", *rows[:1]), truth, classes(1, 2, 3))


def test_empty_truth(tmp_path: Path) -> None:
    truth = table(tmp_path / "truth.csv")
    submission = table(tmp_path / "submission.csv", ("a", 1, box(0, 0, 1, 1)))
    with pytest.raises(ScoringError, match="has no rows"):
        score_sources(submission, truth, classes(1))


def test_scenes_objects_and_intervals(tmp_path: Path) -> None:
    truth = table(
        tmp_path / "truth.csv",
        ("b", 1, box(0, 0, 1, 1)),
        ("a", 1, MultiPolygon([shapely.box(0, 0, 4, 1), shapely.box(5, 0, 6, 1)]).wkt),
        ("c", 1, "MULTIPOLYGON EMPTY"),
    )
    submission = table(
        tmp_path / "submission.csv",
        ("c", 1, "MULTIPOLYGON EMPTY"),
        ("b", 1, "MULTIPOLYGON EMPTY"),
        ("a", 1, box(0, 0, 4, 1)),
    )
    rows = classes(1, countable=True)
    score = score_sources(submission, truth, rows)
    assert score.objects == {1: Found(1, 0, 2)}
    ranges, mean = score.intervals("zero")
    # Of the 27 draws of three scenes 8 lack a, which gives 0 or nothing, 7 have a without b: 4 / 5.
    # Both are more than the twentieth of the draws that an interval leaves out at each end.
    assert ranges == {1: mean}
    assert mean == (0.0, 0.8)
    record = score_record(score, rows, "zero", "solution")
    assert record["scenes"] == ["a", "b", "c"]
    assert record["interval"] == [0.0, 0.8]
    assert record["classes"]["1"] == {
        "name": "class 1",
        "jaccard": pytest.approx(4 / 6),
        "interval": [0.0, 0.8],
        "tp": 4,
        "fp": 0,
        "fn": 2,
        "objects": {
            **{"tp": 1, "fp": 0, "fn": 2, "precision": 1, "f1": 0.5},
            "recall": pytest.approx(1 / 3),
        },
    }
    assert scenes_csv(score) == (
        "scene,class,jaccard,tp,fp,fn\na,1,0.8,4.0,0.0,1.0\nb,1,0.0,0.0,0.0,1.0\nc,1,,0.0,0.0,0.0\n"
    )


def test_intervals_don_t_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [(scene, 1, box(0, 0, width, 1)) for width, scene in enumerate("abcdef", start=1)]
    predicted = [(scene, 1, box(0, 0, 3, 1)) for scene in "abcdef"]
    one = score_sources(
        table(tmp_path / "p.csv", *predicted), table(tmp_path / "t.csv", *rows), classes(1)
    )
    other = score_sources(
        table(tmp_path / "p.csv", *predicted[::-1]), table(tmp_path / "t.csv", *rows), classes(1)
    )
    assert one.intervals("zero") == other.intervals("zero")
    low, high = one.intervals("zero")[1]
    assert low < one.mean("zero") < high


def test_classes_that_are_not_countable_have_no_objects(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ("a", 1, box(0, 0, 1, 1)))
    score = score_sources(path, path, classes(1))
    assert score_record(score, classes(1), "zero", "solution")["classes"]["1"]["objects"] is None


def test_no_scenes_have_no_interval_to_speak_of() -> None:
    score = Score.of([ClassRow(code=1, name="a"), ClassRow(code=2, name="b")])
    assert score.intervals("zero") == ({1: (0, 0), 2: (0, 0)}, (0, 0))
