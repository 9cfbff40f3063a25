from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import DatasetError
from pipeline.imagery.layouts.discovery import find_scenes
from pipeline.imagery.layouts.found_scene import FoundScene
from pipeline.imagery.rasters.group_files import GroupFiles, WebTile
from tests.imagery.layouts.folders import dataset, folder_of


def names(scene: FoundScene, group: str) -> list[str]:
    """Files of a group, as they are called in the folder."""
    files = scene.files[group]
    return [path.relative_to(files.root).as_posix() for path in files.paths]


def test_one_file_per_scene(tmp_path: Path) -> None:
    folder_of(tmp_path, "images/b.tif", "images/a.tif", "images/a.TIF", "images/.a.tif")
    folder_of(tmp_path, "images/._a.tif", "images/deep/c.tif", "other/d.tif", "images/e.tiff")
    found = find_scenes(dataset(tmp_path, {"M": "images/{id}.tif"}))
    assert found == tuple(
        FoundScene(name, {"M": GroupFiles(tmp_path, (tmp_path / f"images/{name}.tif",), 1)})
        for name in ("a", "b")
    )


def test_what_the_configuration_says_of_a_group(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.tif")
    group = {"file": "{id}.tif", "bands": ["r", "n"], "select": ["665nm", 4], "nodata": -1}
    (scene,) = find_scenes(dataset(tmp_path, {"M": group}))
    assert scene.files["M"] == GroupFiles(tmp_path, (tmp_path / "a.tif",), 2, ("665nm", 4), -1)


def test_one_file_per_band_in_a_folder_per_scene(tmp_path: Path) -> None:
    for name in ("S2_a", "S2_b"):
        folder_of(tmp_path / name, "B02.jp2", "B03.jp2", "B04.jp2", "B8A.jp2", "TCI.jp2")
    groups = {
        "fine": {"file": "{id}/{band}.jp2", "bands": ["red", "blue"], "select": ["B04", "B02"]},
        "coarse": {"file": "{id}/B{band}.jp2", "bands": ["nir"], "select": ["8A"]},
    }
    found = find_scenes(dataset(tmp_path, groups))
    assert [scene.id for scene in found] == ["S2_a", "S2_b"]
    assert names(found[1], "fine") == ["S2_b/B04.jp2", "S2_b/B02.jp2"]
    assert names(found[1], "coarse") == ["S2_b/B8A.jp2"]
    assert found[0].files["fine"].select is None
    assert list(found[0].files) == ["fine", "coarse"]


def test_groups_of_one_file(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.tif")
    groups = {
        "rgb": {"file": "{id}.tif", "bands": ["r", "g", "b"], "select": [1, 2, 3]},
        "nir": {"file": "{id}.tif", "select": [4]},
    }
    (scene,) = find_scenes(dataset(tmp_path, groups))
    assert names(scene, "rgb") == names(scene, "nir") == ["a.tif"]


def test_a_file_belongs_to_the_pattern_that_spells_out_the_most(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.tif", "a_P.tif", "a_mask.tif")
    data = dataset(tmp_path, {"M": "{id}.tif", "P": "{id}_P.tif"}, labels="{id}_mask.tif")
    (scene,) = find_scenes(data)
    assert (scene.id, names(scene, "M"), names(scene, "P")) == ("a", ["a.tif"], ["a_P.tif"])
    assert scene.labels == tmp_path / "a_mask.tif"


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("18/69623/104946.png", "{z}/{x}/{y}.png"),
        ("69623-104946-18.png", "{x}-{y}-{z}.png"),
        ("tiles/z18_y104946_x69623.png", "tiles/z{z}_y{y}_x{x}.png"),
        ("018/69623/104946.png", "{z}/{x}/{y}.png"),
    ],
)
def test_tiles_of_web_maps(tmp_path: Path, file: str, pattern: str) -> None:
    folder_of(tmp_path, file, "0/other/1.png")
    (scene,) = find_scenes(dataset(tmp_path, {"RGB": pattern}))
    assert (scene.id, scene.tile) == ("18-69623-104946", WebTile(18, 69_623, 104_946))
    assert scene.files["RGB"].tile == scene.tile
    assert names(scene, "RGB") == [file]


def test_labels_of_tiles(tmp_path: Path) -> None:
    folder_of(tmp_path, "i/1/0/1.png", "i/1/1/1.png", "m/1-0-1.png")
    found = find_scenes(dataset(tmp_path, {"RGB": "i/{z}/{x}/{y}.png"}, labels="m/{z}-{x}-{y}.png"))
    assert [scene.labels for scene in found] == [tmp_path / "m/1-0-1.png", None]


def test_the_order_of_a_tile_is_wrong(tmp_path: Path) -> None:
    folder_of(tmp_path, "69623/104946/18.png", "0/1/0.png", "00/0/0.png", "0/0/0.png")
    with pytest.raises(DatasetError) as caught:
        find_scenes(dataset(tmp_path, {"RGB": "{z}/{x}/{y}.png"}))
    text = str(caught.value)
    assert text.count("\n") == 2
    assert "0/1/0.png: tile z=0, x=1, y=0: at this zoom x and y go from 0 to 0" in text
    assert f"00/0/0.png: is scene 0-0-0, as is {tmp_path}/0/0/0.png; remove one" in text
    assert "18.png: tile z=69623, x=104946, y=18: the zoom must be from 0 to 30" in text


def test_labels_by_scene(tmp_path: Path) -> None:
    folder_of(tmp_path, "images/a.tif", "images/b.tif", "masks/a.png", "masks/c.png")
    found = find_scenes(dataset(tmp_path, {"M": "images/{id}.tif"}, labels="masks/{id}.png"))
    assert [scene.labels for scene in found] == [tmp_path / "masks/a.png", None]
    vectors = {"kind": "vector", "file": "masks/{id}.png"}
    assert find_scenes(dataset(tmp_path, {"M": "images/{id}.tif"}, labels=vectors)) == found


def test_labels_of_all_scenes_are_no_scene(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.csv", "labels.csv")
    labels = {"kind": "vector", "file": "labels.csv"}
    (scene,) = find_scenes(dataset(tmp_path, {"M": "{id}.csv"}, labels=labels))
    assert (scene.id, scene.labels) == ("a", None)


def test_one_mask_of_one_scene(tmp_path: Path) -> None:
    folder_of(tmp_path, "scene.tif", "truth.tif")
    data = dataset(tmp_path, {"M": "{id}.tif"}, labels="truth.tif")
    (scene,) = find_scenes(data)
    assert (scene.id, scene.labels) == ("scene", tmp_path / "truth.tif")
    folder_of(tmp_path, "more.tif")
    with pytest.raises(
        DatasetError, match=r"truth\.tif: one mask can't be that of 2 scenes.*\{id\}"
    ):
        find_scenes(data)
    (tmp_path / "more.tif").unlink()
    (tmp_path / "truth.tif").unlink()
    with pytest.raises(DatasetError, match=r"truth\.tif: no such file of labels"):
        find_scenes(data)


def test_no_labels_at_all(tmp_path: Path) -> None:
    folder_of(tmp_path, "images/a.tif", "masks/a_1.png")
    data = dataset(tmp_path, {"M": "images/{id}.tif"}, labels="masks/{id}.png")
    with pytest.raises(DatasetError, match=r"no scene has such a file.*the first scene is a\)"):
        find_scenes(data)


def test_labels_named_as_images(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.tif")
    with pytest.raises(DatasetError, match=r"names the images of dataset\.groups"):
        find_scenes(dataset(tmp_path, {"M": "{id}.tif"}, labels="{id}.tif"))


def test_no_images(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no image named as in .* \(\{id\}\.tif\); put"):
        find_scenes(dataset(tmp_path, {"M": "{id}.tif"}))


def test_scenes_that_lack_files(tmp_path: Path) -> None:
    folder_of(tmp_path, "a/B1.tif", "a/B2.tif", "a/P.tif", "b/B2.tif", "b/P.tif", "c/B1.tif")
    folder_of(tmp_path, "d/P.tif", "c/B2.tif")
    groups = {
        "M": {"file": "{id}/B{band}.tif", "bands": ["r", "g"], "select": [1, 2]},
        "P": "{id}/P.tif",
    }
    data = dataset(tmp_path, groups)
    with pytest.raises(DatasetError) as caught:
        find_scenes(data)
    lines = str(caught.value).split("\n")
    assert [line.split(": missing")[0] for line in sorted(lines)] == [
        f"{tmp_path}/{file}" for file in ("b/B1.tif", "c/P.tif", "d/B1.tif")
    ]
    assert "d/B1.tif: missing, and 1 more of its bands, though scene d has" in "\n".join(lines)
    found = find_scenes(data, allow_absent=True)
    assert {scene.id: (tuple(scene.files), scene.absent) for scene in found} == {
        "a": (("M", "P"), ()),
        "b": (("P",), ("M",)),
        "c": (("M",), ("P",)),
        "d": (("P",), ("M",)),
    }


def test_tile_that_lacks_a_file(tmp_path: Path) -> None:
    folder_of(tmp_path, "1/0/1.png")
    groups = {"RGB": "{z}/{x}/{y}.png", "N": "{z}/{x}/{y}_nir.png"}
    with pytest.raises(DatasetError, match=r"1/0/1_nir\.png: missing, though scene 1-0-1 has"):
        find_scenes(dataset(tmp_path, groups))


def test_names_that_are_no_ids(tmp_path: Path) -> None:
    folder_of(tmp_path, "a b.tif", "ü.tif", "x" * 101 + ".tif", "good.tif", "-.tif")
    with pytest.raises(DatasetError) as caught:
        find_scenes(dataset(tmp_path, {"M": "{id}.tif"}))
    assert str(caught.value).count("can't be a scene's id; an id is made of at most 100") == 4


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder_of(tmp_path, "good.tif", "a\udcff.tif")
    with pytest.raises(DatasetError, match="can't be a scene's id") as caught:
        find_scenes(dataset(tmp_path, {"M": "{id}.tif"}))
    str(caught.value).encode()


def test_ids_that_differ_in_case_alone(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.tif", "A.tif", "b.tif")
    if len(list(tmp_path.iterdir())) < 3:
        pytest.skip("this disk doesn't tell upper and lower case apart")
    with pytest.raises(DatasetError, match=r"scene [aA] and scene [aA] .*rename one"):
        find_scenes(dataset(tmp_path, {"M": "{id}.tif"}))


def test_signs_of_patterns_are_plain_text(tmp_path: Path) -> None:
    folder_of(tmp_path, "a[1]*.tif", "b[1]x.tif", "c1.tif", "d[1]*.tif\n")
    (scene,) = find_scenes(dataset(tmp_path, {"M": "{id}[1]*.tif"}))
    assert scene.id == "a"


def test_folders_that_are_links(tmp_path: Path) -> None:
    folder_of(tmp_path / "archive", "a.tif")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "images").symlink_to(tmp_path / "archive")
    (scene,) = find_scenes(dataset(tmp_path / "data", {"M": "images/{id}.tif"}))
    assert names(scene, "M") == ["images/a.tif"]
