"""Blocks of large scenes of files, and which of them hold labels."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import box

from pipeline.errors import DatasetError, LabelError
from pipeline.stages.vector_labels import Labels, Vectors
from tests.file_folder import file_config, to_map, write_image
from tests.stages.test_file_scenes import MASK, cached, image, record, run, vectors


def test_a_block_may_not_have_the_id_of_another_scene(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    write_image(folder / "images" / "a.tif", image(20), to_map())
    write_image(folder / "images" / "a_1_0.tif", image(8), to_map(20, 0))
    labels = vectors(folder, [("field", box(0, 0, 28, 20))])
    for settings in ({"skip_bad": True}, {}):
        with pytest.raises(DatasetError, match="scene a_1_0: block a_1_0 of scene a has the same"):
            run(folder, labels, dataset={"blocks": 10}, scenes=settings)


def test_ids_may_be_long_and_those_of_blocks_no_longer(tmp_path: Path) -> None:
    folder, name = tmp_path / "raw", "L" * 100
    write_image(folder / "images" / f"{name}.tif", image(20), to_map())
    labels = vectors(folder, [("field", box(0, 0, 20, 20))])
    assert record(run(folder, labels), name)["role"] == "train"
    with pytest.raises(DatasetError, match=r"its block L+_0_0 has a longer id than the 100"):
        run(folder, labels, dataset={"blocks": 10})


def test_blocks_beside_the_labels_are_none_that_somebody_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    write_image(folder / "images" / "a.tif", image(20), to_map())
    drawn = [("field", box(0, 0, 10, 4)), ("lake", box(0, 8, 2, 11))]
    job = run(folder, vectors(folder, drawn), dataset={"blocks": 10})
    roles = {name: record(job, f"a_{name}")["role"] for name in ("0_0", "0_1", "1_0", "1_1")}
    # The labels end where the second column of blocks begins, and a_1_0 holds a row of the lake.
    assert roles == {"0_0": "train", "0_1": "test", "1_0": "train", "1_1": "test"}


def test_a_table_says_which_scenes_were_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    for name, column in (("a", 0), ("b", 100)):
        write_image(folder / "images" / f"{name}.tif", image(), to_map(column))
    labels = vectors(folder, [("field", box(0, 0, 8, 8))])
    rows = "id,S,role\na,images/a.tif,train\nb,images/b.tif,train\n"
    (folder / "scenes.csv").write_text(rows)
    job = run(folder, labels, dataset={"scenes": "scenes.csv"})
    assert record(job, "b")["labels"]["1"] == {"parts": 0, "share": 0}
    write_image(folder / "masks" / "a.png", np.zeros((1, 16, 16), np.uint8))
    with pytest.raises(DatasetError, match=r"scenes\.csv: scene b has the role train and no"):
        run(folder, MASK, dataset={"scenes": "scenes.csv"})


def test_a_scene_with_a_bad_block_is_left_out_whole(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    write_image(folder / "images" / "a.tif", image(20), to_map())
    write_image(folder / "images" / "b.tif", image(20), to_map())
    labels = {**vectors(folder, [("field", box(0, 0, 20, 20))]), "file": "{id}.gpkg"}
    shutil.copy(folder / "labels.gpkg", folder / "a.gpkg")
    (folder / "labels.gpkg").rename(folder / "b.gpkg")
    with pytest.MonkeyPatch.context() as patch:
        blocks = 0

        def fails(*arguments: Any) -> Labels:
            nonlocal blocks
            blocks += 1
            if blocks == 7:
                raise LabelError("b.gpkg: feature 9 has no place")
            return real(*arguments)

        real = Vectors.on
        patch.setattr(Vectors, "on", fails)
        job = run(folder, labels, dataset={"blocks": 10}, scenes={"skip_bad": True})
    assert {one.name[6:] for one in (job.run / "scenes").glob("scene-*")} == {
        *("a_0_0", "a_0_1", "a_1_0", "a_1_1")
    }


def test_ids_say_which_images_without_coordinates_lie_side_by_side(tmp_path: Path) -> None:
    folder, whole = tmp_path / "raw", image(32)
    for row, column in ((0, 0), (0, 1), (1, 0)):
        part = whole[:, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
        write_image(folder / "images" / f"city_{row}_{column}.tif", part)
        write_image(folder / "images" / f"{row}{column}.tif", part)
    write_image(folder / "masks" / "00.png", np.ones((1, 16, 16), np.uint8))
    found = cached(run(folder, MASK, scenes={"context": 40}))
    group = found["city_0_0"].groups["S"]
    np.testing.assert_array_equal(group.pixels[:, 4:20, 20:], whole[:, :16, 16:20])
    np.testing.assert_array_equal(group.pixels[:, 20:, 4:20], whole[:, 16:20, :16])
    alone = found["00"].groups["S"]
    np.testing.assert_array_equal(alone.pixels[:, 4:20, 22], whole[:, :16, 15])


def test_a_scene_that_lacks_files_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "raw"
    for name in ("a", "b"):
        write_image(folder / "images" / f"{name}.tif", image(), to_map())
    write_image(folder / "coarse" / "a.tif", image(4, bands=1), to_map(0, 0, 40))
    fine = file_config(folder, None).dataset.groups[0].model_dump(mode="json")
    coarse = {"name": "C", "file": "coarse/{id}.tif", "metres": 40, "bands": ["heat"]}
    groups = {"groups": [fine, coarse]}
    with pytest.raises(DatasetError, match=r"coarse/b\.tif: missing"):
        run(folder, None, dataset=groups)
    run(folder, None, dataset=groups, scenes={"skip_bad": True})
    assert "scene b has no files of group C" in capsys.readouterr().err
