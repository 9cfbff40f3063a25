from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from pipeline.errors import DatasetError
from pipeline.imagery.channels import Channels
from pipeline.imagery.features import InputRecipe
from pipeline.imagery.patches import cut_bands, cut_mask, whole
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.imagery.transform import contest_affine
from pipeline.stages import scenes, tiles
from pipeline.stages.job import Job
from tests.contest_folder import (
    GROUPS,
    STEP,
    TEST,
    TRAIN,
    X_MAX,
    Y_MIN,
    contest_config,
    read_group,
    write_contest_folder,
    write_tiff,
)


def made(folder: Path, *groups: str, **sections: Any) -> Job:
    """A run after the stages scenes and tiles."""
    config = contest_config(folder, groups or tuple(GROUPS), **sections)
    job = Job(config, folder.parent / "run")
    scenes.run(job)
    tiles.run(job)
    return job


def opened(job: Job, scene: str) -> TiledScene:
    return open_tiles(job.run / "tiles" / f"scene-{scene}")


def built(job: Job) -> dict[str, int]:
    return {
        path.parent.name: path.stat().st_mtime_ns
        for path in (job.run / "tiles").glob("*/item.json")
    }


def test_groups_keep_their_pixels_and_know_where_they_lie(contest: Path) -> None:
    job = made(contest)
    scene = opened(job, TRAIN[0])
    assert (scene.shape, scene.metres, scene.classes) == ((24, 24), 1.25, 2)
    assert list(scene.groups) == ["RGB", "P", "M", "A"]
    for name, (pattern, _, side, bands) in GROUPS.items():
        raw = read_group(contest / pattern.format(id=TRAIN[0]), len(bands))
        np.testing.assert_array_equal(scene.groups[name].pixels, raw)
        assert scene.groups[name].pixels.dtype == np.uint16
        assert scene.groups[name].to_working == Affine.scale(24 / side)
    # The map is the contest's for the finest image, seen with a quarter of the pixels.
    expected = contest_affine(X_MAX, Y_MIN, (96, 96)) @ Affine.scale(4)
    assert scene.to_map.almost_equals(expected)


def test_masks_and_bands_fit_each_other(contest: Path) -> None:
    scene = opened(made(contest), TRAIN[0])
    masks, valid = cut_mask(scene, whole(scene))
    assert valid.all()
    assert masks.shape == (2, 24, 24)
    # Stripes 8 to 16 and 16 to 24, rows 6 to 18; the contest's formula stretches by 1/96.
    assert masks[0, 6:18, 8:16].mean() > 0.85
    assert masks[0].sum() == pytest.approx(12 * 8, abs=12)
    bands = cut_bands(scene, whole(scene), ["M"])[0].numpy()
    inside = masks[1] & np.roll(masks[1], 1, 1) & np.roll(masks[1], -1, 1)
    assert bands[inside].mean() == pytest.approx(300 + 2 * STEP, abs=40)
    assert bands[~masks.any(0)].mean() < 300 + 0.2 * STEP


def test_scenes_without_labels_are_cached_and_not_measured(contest: Path) -> None:
    job = made(contest)
    scene = opened(job, TEST[0])
    assert not scene.labelled
    assert not cut_mask(scene, whole(scene))[0].any()
    recipe = InputRecipe.from_json(
        json.loads((job.run / "tiles" / "statistics-all" / "statistics.json").read_text())
    )
    assert recipe.names == Channels.of(job.config, job.config.features).names
    assert len(recipe.normalisation.center) == 20
    # Half of the ground is bare; the fifth band of M is 300 + 40 there.
    assert recipe.normalisation.center[recipe.names.index("M.red")] == pytest.approx(340, abs=10)


def test_the_cache_takes_little_more_than_the_raw_bytes(tmp_path: Path) -> None:
    job = made(write_contest_folder(tmp_path / "raw", magnify=4))
    raw = sum(path.stat().st_size for path in (tmp_path / "raw").rglob("*.tif"))
    cached = sum(path.stat().st_size for path in (job.run / "tiles").rglob("*.npy"))
    assert cached <= 1.2 * raw
    for name, (_, _, _, bands) in GROUPS.items():
        pixels = opened(job, TRAIN[0]).groups[name].pixels
        assert isinstance(pixels, np.memmap)
        assert pixels.nbytes == 2 * len(bands) * pixels.shape[1] * pixels.shape[2]


def test_only_used_groups_are_cached(contest: Path) -> None:
    job = made(contest, features={"groups": ["A", "P"]})
    assert list(opened(job, TRAIN[0]).groups) == ["P", "A"]


def test_invalid_pixels_are_marked(contest: Path) -> None:
    path = contest / "sixteen_band" / f"{TRAIN[0]}_M.tif"
    pixels = read_group(path, 8)
    pixels[:, :6, :] = 0
    pixels[3, 12, 12] = 0  # one band of eight: still valid
    write_tiff(path, pixels)
    scene = opened(made(contest), TRAIN[0])
    masks, valid = cut_mask(scene, whole(scene))
    assert not valid[:7].any()
    assert valid[7:].all()
    assert not masks[:, :7].any()


def test_second_run_makes_nothing_and_one_more_scene_costs_one(contest: Path) -> None:
    job = made(contest)
    before = built(job)
    tiles.run(job)
    assert built(job) == before
    write_contest_folder(contest, test=(*TEST, "6050_0_0"))
    after = built(made(contest))
    assert {name for name in after if after[name] != before.get(name)} == {"scene-6050_0_0"}


def test_one_more_labelled_scene_costs_its_tiles_and_the_statistics(contest: Path) -> None:
    before = built(made(contest))
    write_contest_folder(contest, train=(*TRAIN, "6050_0_0"))
    after = built(made(contest))
    changed = {name for name in after if after[name] != before.get(name)}
    # The test scene of the tiny folder is drawn anew under another seed.
    assert changed == {"scene-6050_0_0", f"scene-{TEST[0]}", "statistics-all"}


def test_features_cost_statistics_alone(contest: Path) -> None:
    before = built(made(contest))
    after = built(made(contest, features={"log": True, "indices": ["NDVI"]}))
    assert {name for name in after if after[name] != before[name]} == {"statistics-all"}


def test_wider_interpolation_costs_the_tiles_and_marks_more(contest: Path) -> None:
    path = contest / "sixteen_band" / f"{TRAIN[0]}_M.tif"
    pixels = read_group(path, 8)
    pixels[:, :6, :] = 0
    write_tiff(path, pixels)
    before = built(made(contest, features={"groups": ["M"]}))
    job = made(contest, features={"groups": ["M"], "resampling": "bicubic"})
    after = built(job)
    assert {name for name in after if after[name] != before[name]} == set(before)
    scene = opened(job, TRAIN[0])
    _, valid = cut_mask(scene, whole(scene))
    assert not valid[:8].any()
    assert valid[8:].all()


def test_file_that_changed_between_the_stages(contest: Path) -> None:
    job = Job(contest_config(contest), contest.parent / "run")
    scenes.run(job)
    path = contest / "sixteen_band" / f"{TRAIN[1]}_A.tif"
    write_tiff(path, read_group(path, 8) + 1)
    with pytest.raises(
        DatasetError, match=rf"{TRAIN[1]}_A\.tif: has changed .* run `scenes` again"
    ):
        tiles.run(job)
    assert not (job.run / "tiles" / "manifest.json").exists()
    assert not (job.run / "tiles" / f"scene-{TRAIN[1]}").exists()


def test_no_labels_at_all(tmp_path: Path) -> None:
    folder = write_contest_folder(tmp_path / "raw", ("A",), train=())
    with pytest.raises(DatasetError, match=r"train_wkt_v4\.csv: has labels for no scene"):
        made(folder, "A")
