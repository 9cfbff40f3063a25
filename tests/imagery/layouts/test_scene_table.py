from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import DatasetError
from pipeline.imagery.layouts.discovery import find_scenes
from tests.imagery.layouts.folders import dataset, folder_of

GROUPS = {"M": "{id}.tif", "P": "{id}_P.tif"}


def table(folder: Path, *rows: str) -> Path:
    """Write the table and return its folder."""
    (folder / "scenes.csv").write_text("\n".join(rows))
    return folder


def test_listed_scenes(tmp_path: Path) -> None:
    folder_of(tmp_path, "x/1.tif", "y/1.tif", "x/2.tif", "y/2.tif", "truth.shp", "x/unlisted.tif")
    rows = ("Role,ID,p,m,labels", "test,b,y/2.tif, x/2.tif ,", ",a,y/1.tif,x/1.tif,truth.shp")
    data = dataset(table(tmp_path, *rows), GROUPS, scenes="scenes.csv")
    one, other = find_scenes(data)
    assert (one.id, one.role, one.labels) == ("a", None, tmp_path / "truth.shp")
    assert (other.id, other.role, other.labels) == ("b", "test", None)
    assert other.files["M"].paths == (tmp_path / "x/2.tif",)
    assert list(other.files) == ["M", "P"]


def test_bands_apart(tmp_path: Path) -> None:
    folder_of(tmp_path, "x_1.tif", "x_2.tif", "y.tif")
    table(tmp_path, "id,M", "a,x_{band}.tif", "b,y.tif")
    groups = {"M": {"file": "{id}_{band}.tif", "bands": ["r", "g"], "select": [2, 1]}}
    one, other = find_scenes(dataset(tmp_path, groups, scenes="scenes.csv"))
    assert one.files["M"].paths == (tmp_path / "x_2.tif", tmp_path / "x_1.tif")
    assert one.files["M"].select is None
    assert (other.files["M"].paths, other.files["M"].select) == ((tmp_path / "y.tif",), (2, 1))


def test_labels_by_name_where_the_table_has_none(tmp_path: Path) -> None:
    folder_of(tmp_path, "x.tif", "y.tif", "masks/a.png")
    table(tmp_path, "id,M", "a,x.tif", "b,y.tif")
    data = dataset(tmp_path, {"M": "{id}.tif"}, scenes="scenes.csv", labels="masks/{id}.png")
    assert [scene.labels for scene in find_scenes(data)] == [tmp_path / "masks/a.png", None]


def test_unused_scenes_may_lack_files(tmp_path: Path) -> None:
    folder_of(tmp_path, "x.tif", "y.tif")
    table(tmp_path, "id,M,P,role", "a,x.tif,y.tif,Train", "b,gone.tif,y.tif,unused", "c,,,unused")
    found = find_scenes(dataset(tmp_path, GROUPS, scenes="scenes.csv"))
    assert [(scene.id, scene.role, scene.absent) for scene in found] == [
        ("a", "train", ()),
        ("b", "unused", ("M",)),
        ("c", "unused", ("M", "P")),
    ]


def test_missing_files(tmp_path: Path) -> None:
    folder_of(tmp_path, "x.tif")
    table(tmp_path, "id,M,P,labels", "a,x.tif,gone.tif,", "b,x.tif,,none.shp")
    data = dataset(tmp_path, GROUPS, scenes="scenes.csv")
    with pytest.raises(DatasetError) as caught:
        find_scenes(data)
    lines = str(caught.value).split("\n")
    assert [line.partition("scenes.csv, ")[2].split("; ")[0] for line in lines] == [
        f"row 2: {tmp_path}/gone.tif: no such file",
        "row 3: names no file of group P",
        f"row 3: {tmp_path}/none.shp: no such file of labels",
    ]
    assert [scene.absent for scene in find_scenes(data, allow_absent=True)] == [("P",), ("P",)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("id,M", "../a,x.tif"), "row 2: '../a' can't be a scene's id"),
        (("id,M", "a,x.tif", "a,x.tif"), "row 3: scene a has a row already"),
        (("id,M", "a,x.tif", "A,x.tif"), "scene A and scene a .*upper and lower case alone"),
        (("id,M,role", "a,x.tif,validate"), "role is 'validate'; it must be one of train, test"),
        (("id,M", "a,../x.tif"), r"'\.\./x\.tif' must be a path in the dataset's folder"),
        (("id,M", "a,/etc/passwd"), "'/etc/passwd' must be a path in the dataset's folder"),
        (("id,M", 'a,"x\0.tif"'), "must be a path in the dataset's folder|is no table"),
        (("id,M,labels", "a,x.tif,../y"), r"'\.\./y' must be a path in the dataset's folder"),
        (("id,N", "a,x.tif"), "has no column 'm'"),
        (("id,M",), "lists no scene"),
        (("id,M", "a"), "row 2: has 1 fields where the header has 2"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, rows: tuple[str, ...], message: str) -> None:
    folder_of(tmp_path, "x.tif")
    data = dataset(table(tmp_path, *rows), {"M": "{id}.tif"}, scenes="scenes.csv")
    with pytest.raises(DatasetError, match=message):
        find_scenes(data)


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"scenes\.csv: no such table"):
        find_scenes(dataset(tmp_path, GROUPS, scenes="scenes.csv"))
