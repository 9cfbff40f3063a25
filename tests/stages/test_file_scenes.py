from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from affine import Affine
from shapely import box

from pipeline.errors import DatasetError
from pipeline.imagery.bit_field import unpack
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.stages import scenes, tiles
from pipeline.stages.job import Job
from tests.file_folder import UTM, file_config, to_map, write_image

VECTOR = {"kind": "vector", "file": "labels.gpkg", "column": "kind"}
VALUES = {"field": 1, "lake": 2}
MASK = {"kind": "mask", "file": "masks/{id}.png", "values": {1: 1, 2: 2}}


def image(side: int = 16, seed: int = 0, bands: int = 2) -> Any:
    return np.random.default_rng(seed).integers(1, 999, (bands, side, side), np.uint16)


def vectors(folder: Path, rows: list[tuple[str, Any]], crs: str | None = UTM) -> dict[str, Any]:
    """Labels by (class, outline in pixels of the image at the origin)."""
    shapes = [shapely.affinity.affine_transform(shape, _shapely(to_map())) for _, shape in rows]
    frame = geopandas.GeoDataFrame({"kind": [kind for kind, _ in rows]}, geometry=shapes, crs=crs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of layers without a reference system
        frame.to_file(folder / "labels.gpkg", driver="GPKG")
    return {**VECTOR, "values": VALUES}


def _shapely(affine: Affine) -> list[float]:
    return [affine.a, affine.b, affine.d, affine.e, affine.c, affine.f]


def run(folder: Path, labels: dict[str, Any] | None, **sections: Any) -> Job:
    job = Job(file_config(folder, labels, **sections), folder.parent / "run")
    scenes.run(job)
    return job


def record(job: Job, scene: str) -> dict[str, Any]:
    text = (job.run / "scenes" / f"scene-{scene}" / "scene.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def cached(job: Job) -> dict[str, TiledScene]:
    tiles.run(job)
    return {item.name[6:]: open_tiles(item) for item in sorted((job.run / "tiles").glob("scene-*"))}


def test_vectors_on_images_with_coordinates(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    write_image(folder / "images" / "a.tif", image(), to_map())
    write_image(folder / "images" / "b.tif", image(), to_map(100, 100))
    labels = vectors(folder, [("field", box(2, 3, 6, 5)), ("lake", box(4, 4, 8, 8))])
    job = run(folder, labels)
    known = record(job, "a")
    assert (known["role"], known["crs"], known["metres"]) == ("train", UTM, 10.0)
    assert Affine(*known["to_map"]) == to_map()
    assert known["labels"]["1"] == {"parts": 1, "share": round(8 / 256, 6)}
    # Nobody has drawn labels anywhere near b.
    assert record(job, "b")["role"] == "test"
    found = cached(job)
    masks, valid = unpack(np.asarray(found["a"].mask), 2)
    assert valid.all()
    assert masks[0, 3:5, 2:6].all()
    assert masks[0].sum() == 8
    assert masks[1].sum() == 16
    assert found["a"].crs == UTM
    assert not found["b"].labelled


def test_large_labelled_scene_is_cut_into_blocks(tmp_path: Path) -> None:
    folder, pixels = tmp_path / "raw", image(33)
    write_image(folder / "images" / "a.tif", pixels, to_map())
    labels = vectors(folder, [("field", box(0, 0, 33, 10)), ("lake", box(14, 14, 18, 18))])
    job = run(folder, labels, dataset={"blocks": 20}, scenes={"context": 30})
    found = cached(job)
    assert list(found) == ["a_0_0", "a_0_1", "a_1_0", "a_1_1"]
    assert [scene.shape for scene in found.values()] == [(16, 16), (16, 17), (17, 16), (17, 17)]
    assert Affine(*record(job, "a_1_0")["to_map"]) == to_map(0, 16)
    # Three pixels around a block show what the image has there, and past it repeat its edge.
    block = found["a_0_1"].groups["S"]
    assert block.margin == 3
    np.testing.assert_array_equal(block.pixels[:, 3:, :20], pixels[:, :19, 13:33])
    np.testing.assert_array_equal(block.pixels[:, 0, 3:20], pixels[:, 0, 16:33])
    np.testing.assert_array_equal(block.pixels[:, 3:19, 22], pixels[:, :16, 32])
    lake = [unpack(np.asarray(scene.mask), 2)[0][1].sum() for scene in found.values()]
    assert lake == [4, 4, 4, 4]


def test_neighbours_show_what_lies_around_a_scene(tmp_path: Path) -> None:
    folder, whole = tmp_path / "raw", image(32)
    for name, row, column in (("w", 0, 0), ("e", 0, 16), ("s", 16, 0)):
        part = whole[:, row : row + 16, column : column + 16]
        write_image(folder / "images" / f"{name}.tif", part, to_map(column, row))
    # Another date of the same place is no neighbour.
    write_image(folder / "images" / "old.tif", image(16, seed=9), to_map(1, 1))
    labels = vectors(folder, [("field", box(0, 0, 8, 8))])
    found = cached(run(folder, labels, scenes={"context": 40}))
    group = found["w"].groups["S"]
    np.testing.assert_array_equal(group.pixels[:, 4:20, 20:], whole[:, :16, 16:20])
    np.testing.assert_array_equal(group.pixels[:, 20:, 4:20], whole[:, 16:20, :16])
    np.testing.assert_array_equal(group.pixels[:, 2, 4:20], whole[:, 0, :16])


def test_groups_of_several_resolutions_lie_where_their_files_say(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    write_image(folder / "images" / "a.tif", image(16), to_map())
    write_image(folder / "coarse" / "a.tif", image(5, bands=1), to_map(-2, -2, 40))
    config = file_config(folder, None)
    fine = config.dataset.groups[0].model_dump(mode="json")
    coarse = {"name": "C", "file": "coarse/{id}.tif", "metres": 40, "bands": ["heat"]}
    job = run(folder, None, dataset={"groups": [fine, coarse]})
    groups = {group["name"]: group for group in record(job, "a")["groups"]}
    assert Affine(*groups["C"]["to_reference"]).almost_equals(
        Affine.translation(-2, -2) @ Affine.scale(4)
    )


def test_masks_become_outlines_and_ignored_ground(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    mask = np.zeros((1, 16, 16), np.uint8)
    mask[0, 2:5, 2:5], mask[0, 3, 3], mask[0, 8:10, 8:12], mask[0, 15] = 1, 0, 2, 9
    write_image(folder / "images" / "a.tif", image())
    write_image(folder / "masks" / "a.png", mask)
    job = run(folder, {**MASK, "ignore": [9]})
    assert record(job, "a")["labels"]["1"]["parts"] == 1
    masks, valid = unpack(np.asarray(cached(job)["a"].mask), 2)
    np.testing.assert_array_equal(masks[0], mask[0] == 1)
    np.testing.assert_array_equal(masks[1], mask[0] == 2)
    np.testing.assert_array_equal(valid, mask[0] != 9)


def test_images_that_are_not_north_up(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    south_up = to_map() @ Affine.translation(0, 16) @ Affine.scale(1, -1)
    write_image(folder / "images" / "a.tif", image(), south_up)
    write_image(folder / "images" / "b.tif", image(), to_map(40, 0) @ Affine.rotation(30))
    labels = vectors(folder, [("field", box(0, 0, 16, 2)), ("lake", box(30, 0, 60, 60))])
    found = cached(run(folder, labels))
    field = unpack(np.asarray(found["a"].mask), 2)[0][0]
    assert field[14:].all()
    assert field.sum() == 32
    assert unpack(np.asarray(found["b"].mask), 2)[0][1].all()


def test_a_bad_file_among_good_ones_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "raw"
    write_image(folder / "images" / "a.tif", image(), to_map())
    write_image(folder / "images" / "c.tif", image(bands=3), to_map(20))
    (folder / "images" / "b.tif").write_bytes(b"II*\x00 no image")
    labels = vectors(folder, [("field", box(0, 0, 8, 8))])
    with pytest.raises(DatasetError) as error:
        run(folder, labels)
    assert "b.tif" in str(error.value)
    assert "c.tif: has 3 bands" in str(error.value)
    assert "SKIP_BAD=1" in str(error.value)
    job = run(folder, labels, scenes={"skip_bad": True})
    said = capsys.readouterr().err
    assert "b is left out" in said
    assert "1 train, 0 test, 2 unused" in said
    assert list(cached(job)) == ["a"]


def test_nothing_goes_on_where_all_is_bad(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "b.tif").write_bytes(b"II*\x00 no image")
    with pytest.raises(DatasetError, match=r"b\.tif"):
        run(folder, None, scenes={"skip_bad": True})


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("size", r"am\.png: has 15 rows .*a\.tif has 16"),
        ("class", "'hedge'.*lake"),
        ("labels without crs", r"labels\.gpkg.*crs"),
        ("one group without coordinates", r"a\.tif has coordinates and coarse/a\.tif has none"),
        ("other ground", r"coarse/a\.tif spans .* must show the same ground"),
        ("other system", r"coarse/a\.tif is in EPSG:32634 and images/a\.tif in EPSG:32633"),
        ("colour", r"#0[0-9a-f]{5}.*#00ff00"),
        ("metres", r"a\.tif: its pixels are 10 m wide in EPSG:32633, but dataset\.groups says 3"),
        ("elsewhere", r"labels span .* where the images span .*EPSG:32633"),
    ],
)
def test_what_does_not_fit_together(tmp_path: Path, case: str, message: str) -> None:
    folder = tmp_path / "raw"
    write_image(folder / "images" / "a.tif", image(), to_map())
    groups = [file_config(folder, None).dataset.groups[0].model_dump(mode="json")]
    coarse = {"name": "C", "file": "coarse/{id}.tif", "metres": 40, "bands": ["heat"]}
    labels: dict[str, Any] | None = vectors(folder, [("field", box(0, 0, 8, 8))])
    if case == "size":
        labels = {**MASK, "file": "m.png", "values": {1: 1}}
        write_image(folder / "m.png", np.zeros((1, 15, 16), np.uint8))
        labels["file"] = "{id}m.png"
        (folder / "m.png").rename(folder / "am.png")
    elif case == "class":
        labels = vectors(folder, [("field", box(0, 0, 8, 8)), ("hedge", box(0, 0, 2, 2))])
    elif case == "labels without crs":
        labels = vectors(folder, [("field", box(0, 0, 8, 8))], crs=None)
    elif case == "one group without coordinates":
        write_image(folder / "coarse" / "a.tif", image(4, bands=1))
        groups.append(coarse)
    elif case in ("other ground", "other system"):
        moved = 8 if case == "other ground" else 0
        crs = UTM if case == "other ground" else "EPSG:32634"
        write_image(folder / "coarse" / "a.tif", image(4, bands=1), to_map(moved, 0, 40), crs)
        groups.append(coarse)
    elif case == "colour":
        mask = np.zeros((3, 16, 16), np.uint8)
        mask[1, :3, :3] = 254
        write_image(folder / "masks" / "a.png", mask)
        labels = {**MASK, "code": "colours", "values": {"#00ff00": 1}}
    elif case == "metres":
        groups[0]["metres"] = 3
    elif case == "elsewhere":
        labels = vectors(folder, [("field", box(9000, 0, 9008, 8))])
    with pytest.raises(DatasetError, match=message):
        run(folder, labels, dataset={"groups": groups}, tiles={"metres": groups[0]["metres"]})
