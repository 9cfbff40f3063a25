from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.dataset import Dataset
from pipeline.errors import DatasetError, LabelError, SubmissionError
from pipeline.imagery.contest import (
    find_images,
    read_contest,
    read_extents,
    read_labels,
    read_sampled,
)
from pipeline.mapping.submission import sample_rows
from tests.contest_folder import (
    GROUPS,
    TEST,
    TRAIN,
    X_MAX,
    Y_MIN,
    contest_config,
    write_contest_folder,
    write_rows,
)

HEADER = ("ImageId", "ClassType", "MultipolygonWKT")
SQUARE = "MULTIPOLYGON (((0 0, 1 0, 1 -1, 0 0)))"


def dataset(folder: Path, *groups: str) -> Dataset:
    return contest_config(folder, groups or tuple(GROUPS)).dataset


def test_all_scenes_with_their_roles(contest: Path) -> None:
    scenes = {scene.id: scene for scene in read_contest(dataset(contest))}
    assert {name: scene.role for name, scene in scenes.items()} == {
        **dict.fromkeys(TRAIN, "train"),
        **dict.fromkeys(TEST, "test"),
    }
    scene = scenes[TRAIN[0]]
    assert list(scene.files) == ["RGB", "P", "M", "A"]
    assert scene.files["M"] == contest / "sixteen_band" / f"{TRAIN[0]}_M.tif"
    assert (scene.x_max, scene.y_min) == (X_MAX, Y_MIN)
    assert scene.labels is not None
    assert [(code, row.row) for code, row in scene.labels.items()] == [(1, 2), (5, 3)]


@pytest.mark.parametrize("groups", [("A",), ("M", "RGB"), ("P",)])
def test_any_subset_of_groups(tmp_path: Path, groups: tuple[str, ...]) -> None:
    folder = write_contest_folder(tmp_path, groups)
    scenes = read_contest(dataset(folder, *groups))
    assert [tuple(scene.files) for scene in scenes] == [groups] * 4


def test_labelled_scene_of_the_sample_is_for_training(tmp_path: Path) -> None:
    folder = write_contest_folder(tmp_path, ("A",), test=("6040_0_0", "6010_0_0"))
    scene = read_contest(dataset(folder, "A"))[0]
    assert (scene.id, scene.role, scene.sampled) == ("6010_0_0", "train", True)


def test_scene_in_no_table_is_unused_even_if_incomplete(contest: Path) -> None:
    write_rows(contest / "train_wkt_v4.csv", HEADER, [(name, 1, SQUARE) for name in TRAIN[1:]])
    (contest / "sixteen_band" / f"{TRAIN[0]}_A.tif").unlink()
    scenes = read_contest(dataset(contest))
    assert scenes[0].role == "unused"
    assert list(scenes[0].files) == ["RGB", "P", "M"]


def test_pattern_that_spells_out_more_claims_the_file(tmp_path: Path) -> None:
    rows = [
        row.model_copy(update={"file": file})
        for row, file in zip(
            dataset(tmp_path, "RGB", "P").groups, ("{id}.tif", "{id}_P.tif"), strict=True
        )
    ]
    for name in ("6010_0_0.tif", "6010_0_0_P.tif", "._6010_0_0.tif"):
        (tmp_path / name).touch()
    found = find_images(tmp_path, rows)
    assert list(found) == ["6010_0_0"]
    assert [path.name for path in found["6010_0_0"].values()] == ["6010_0_0.tif", "6010_0_0_P.tif"]


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no image named as in dataset\.groups.*DATA="):
        find_images(tmp_path, dataset(tmp_path).groups)


def test_file_name_that_is_no_id(tmp_path: Path) -> None:
    (tmp_path / "three_band").mkdir()
    (tmp_path / "three_band" / "a b.tif").touch()
    with pytest.raises(DatasetError, match=r"'a b' can't be a scene's id.*rename the file"):
        find_images(tmp_path, dataset(tmp_path).groups)


def test_missing_band_of_a_used_scene(contest: Path) -> None:
    (contest / "sixteen_band" / f"{TRAIN[1]}_M.tif").unlink()
    with pytest.raises(DatasetError) as caught:
        read_contest(dataset(contest))
    assert f"sixteen_band/{TRAIN[1]}_M.tif: missing, though train_wkt_v4.csv names" in str(
        caught.value
    )


def test_labels_and_sample_rows_of_scenes_without_any_image(contest: Path) -> None:
    header = ("ImageId", "ClassType", "MultipolygonWKT")
    write_rows(contest / "sample_submission.csv", header, [("6099_0_0", 1, "")])
    with pytest.raises(DatasetError) as caught:
        read_contest(dataset(contest))
    assert len(str(caught.value).split("\n")) == 4
    assert "6099_0_0_P.tif: missing, though sample_submission.csv names" in str(caught.value)


def test_image_without_grid_size(contest: Path) -> None:
    write_rows(contest / "grid_sizes.csv", ("", "Xmax", "Ymin"), [(name, 1, -1) for name in TRAIN])
    with pytest.raises(DatasetError, match=rf"grid_sizes\.csv: has no row for scene {TEST[0]}"):
        read_contest(dataset(contest))


def test_faults_of_all_tables_come_together(contest: Path) -> None:
    write_rows(contest / "grid_sizes.csv", ("", "Xmax", "Ymin"), [(TRAIN[0], 0, -1)])
    write_rows(contest / "train_wkt_v4.csv", HEADER, [(TRAIN[0], 77, SQUARE)])
    (contest / "sample_submission.csv").unlink()
    with pytest.raises(DatasetError) as caught:
        read_contest(dataset(contest))
    lines = str(caught.value).split("\n")
    assert [line.split(":")[0].rsplit("/", 1)[1] for line in lines] == [
        "grid_sizes.csv, row 2",
        "train_wkt_v4.csv, row 2",
        "sample_submission.csv",
    ]


@pytest.mark.parametrize("name", ["", "imageId", "ImageId", "imageid"])
def test_either_header_of_grid_sizes(tmp_path: Path, name: str) -> None:
    write_rows(tmp_path / "g.csv", (name, "Xmax", "Ymin"), [("a", 0.5, -0.25)])
    assert read_extents(tmp_path / "g.csv") == {"a": (0.5, -0.25)}


@pytest.mark.parametrize(
    ("x_max", "y_min"),
    [("0", "-1"), ("-1", "-1"), ("1", "1"), ("nan", "-1"), ("1", "-inf"), ("x", "-1")],
)
def test_grid_size_that_is_none(tmp_path: Path, x_max: str, y_min: str) -> None:
    write_rows(tmp_path / "g.csv", ("", "Xmax", "Ymin"), [("a", x_max, y_min)])
    with pytest.raises(DatasetError, match=r"g\.csv, row 2: Xmax is .* must be a number"):
        read_extents(tmp_path / "g.csv")


def test_grid_size_given_twice(tmp_path: Path) -> None:
    write_rows(tmp_path / "g.csv", ("", "Xmax", "Ymin"), [("a", 1, -1), ("a", 1, -1)])
    with pytest.raises(DatasetError, match="row 3: 'a' has a row already"):
        read_extents(tmp_path / "g.csv")


@pytest.mark.parametrize("code", ["11", "0", "-1", "1.0", "", "x", "١", "9" * 50])
def test_unknown_class_code(tmp_path: Path, code: str) -> None:
    write_rows(tmp_path / "t.csv", HEADER, [("a", 1, SQUARE), ("a", code, SQUARE)])
    with pytest.raises(LabelError, match=r"t\.csv, row 3: class code .* add the class"):
        read_labels(tmp_path / "t.csv", (1, 5))


def test_same_label_twice(tmp_path: Path) -> None:
    rows = [("a", 1, SQUARE), ("b", 1, SQUARE), ("a", 1, SQUARE)]
    write_rows(tmp_path / "t.csv", HEADER, rows)
    with pytest.raises(LabelError, match="row 4: scene a, class 1 stands in row 2 already"):
        read_labels(tmp_path / "t.csv", (1,))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/b", "..", "", "a\x00b"[:1] * 200]
)
def test_id_that_is_a_path(tmp_path: Path, name: str) -> None:
    write_rows(tmp_path / "t.csv", HEADER, [(name, 1, SQUARE)])
    with pytest.raises(LabelError, match=r"t\.csv, row 2: .* can't be a scene's id"):
        read_labels(tmp_path / "t.csv", (1,))
    with pytest.raises(DatasetError, match=r"t\.csv, row 2: .* can't be a scene's id"):
        read_sampled(tmp_path / "t.csv", (1,))


def test_sample_keeps_its_order_and_has_each_row_once(tmp_path: Path) -> None:
    rows = [("b", 1, ""), ("a", 1, ""), ("b", 2, "")]
    write_rows(tmp_path / "s.csv", HEADER, rows)
    assert read_sampled(tmp_path / "s.csv", (1, 2)) == ("b", "a")
    write_rows(tmp_path / "s.csv", HEADER, [*rows, ("a", 1, "")])
    with pytest.raises(DatasetError, match="row 5: scene a, class 1 stands in row 3 already"):
        read_sampled(tmp_path / "s.csv", (1, 2))


SAMPLES = {
    "blank last line": "ImageId,ClassType,MultipolygonWKT\na,1,\n\n",
    "lower case": "imageid,classtype,multipolygonwkt\na,1,\n",
    "further column": "Row,ImageId,ClassType,MultipolygonWKT\n0,a,1,\n",
    "no header": "a,1,\n",
    "no rows": "ImageId,ClassType,MultipolygonWKT\n",
    "no text": "ImageId,ClassType\na,1\n",
    "other class": "ImageId,ClassType,MultipolygonWKT\na,7,\n",
    "zero before": "ImageId,ClassType,MultipolygonWKT\na,1,\na,01,\n",
    "path": "ImageId,ClassType,MultipolygonWKT\n../a,1,\n",
    "ragged": "ImageId,ClassType,MultipolygonWKT\na,1,,\n",
}
GOOD = {"blank last line", "lower case", "further column"}


@pytest.mark.parametrize("kind", SAMPLES)
def test_sample_passes_here_if_and_only_if_it_passes_in_submission(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "s.csv"
    path.write_text(SAMPLES[kind])
    if kind in GOOD:
        assert read_sampled(path, (1,)) == ("a",)
        assert [row.key for row in sample_rows(path, (1,))] == [("a", 1)]
        return
    with pytest.raises(DatasetError) as here:
        read_sampled(path, (1,))
    with pytest.raises(SubmissionError) as there:
        list(sample_rows(path, (1,)))
    assert str(here.value) == str(there.value)


def test_solution_is_looked_at_before_anything_is_made(contest: Path) -> None:
    known = dataset(contest).model_copy(update={"solution": "solution.csv"})
    assert len(read_contest(known)) == 4
    (contest / "solution.csv").write_text("id,wkt\n")
    with pytest.raises(DatasetError, match=r"solution\.csv: has no column 'imageid'"):
        read_contest(known)
    (contest / "solution.csv").unlink()
    with pytest.raises(DatasetError, match=r"solution\.csv: no such solution; put it there, or"):
        read_contest(known)
