"""Names of files: scenes' ids, bands, tiles of a web map, and groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.proposal.file_sets import file_sets, joined_splits
from pipeline.proposal.folder_files import is_aside, plain_id, speaks_of_labels
from pipeline.proposal.patterns import agreeing, id_patterns, is_told_apart, tile_pattern


def test_ids_begin_and_end_at_words() -> None:
    found = id_patterns(["in/img_001.tif", "in/img_002.tif"])
    assert [one.text for one in found] == ["in/{id}.tif", "in/img_{id}.tif"]
    assert found[1].ids == {"001", "002"}
    assert found[0].fits("in/img_003.tif")
    assert not found[0].fits("in/more/img_003.tif")


def test_a_folder_may_be_the_id_but_not_two_parts_at_once() -> None:
    found = id_patterns(["a/b1/x.tif", "a/b2/x.tif"])
    assert [one.text for one in found] == ["a/{id}/x.tif", "a/b{id}/x.tif"]
    assert id_patterns(["siteA/siteA.tif", "siteB/siteB.tif"]) == ()
    assert id_patterns(["a{b}/1.tif", "a{b}/2.tif"]) == ()
    (one, *_) = id_patterns(["S2/{band}.tif"])
    assert (one.text, list(one.files)) == ("{id}/{band}.tif", ["S2"])


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        (["19/300000/180000.png", "19/300001/180000.png"], "{z}/{x}/{y}.png"),
        (["t/300000-180000-19.jpg", "t/300001-180007-19.jpg"], "t/{x}-{y}-{z}.jpg"),
        (["6010_0_0.tif", "6010_1_2.tif"], None),
        (["19/600000/180000.png"], None),
        (["19/300000/180000.png", "x.png"], None),
        ([], None),
    ],
)
def test_tiles_of_a_web_map(paths: list[str], wanted: str | None) -> None:
    found = tile_pattern(paths)
    assert (found.text if found else None) == wanted


@given(st.sets(st.integers(0, 2**18 - 1), min_size=2, max_size=5))
def test_every_tile_has_its_id(columns: set[int]) -> None:
    found = tile_pattern([f"18/{column}/90000.png" for column in columns])
    assert found is not None
    assert found.ids == {f"18_{column}_90000" for column in columns}


def test_masks_and_images_agree_on_ids() -> None:
    images = id_patterns([f"images/img_{n:03}.tif" for n in range(3)])
    masks = id_patterns([f"masks/mask_{n:03}.png" for n in range(3)])
    assert [one.text for one in agreeing([images, masks], [])] == [
        "images/img_{id}.tif",
        "masks/mask_{id}.png",
    ]
    same = id_patterns([f"masks/img_{n:03}.png" for n in range(3)])
    assert agreeing([images, same], [])[0].text == "images/{id}.tif"


def test_the_closest_pattern_takes_a_file() -> None:
    plain, longer = (
        id_patterns(["1.tif", "2.tif"])[:1],
        [one for one in id_patterns(["1_P.tif", "2_P.tif"]) if one.ids == {"1", "2"}],
    )
    chosen = [(one, ()) for one in agreeing([plain, longer], [])]
    assert is_told_apart(chosen, ["1.tif", "2.tif", "1_P.tif", "2_P.tif"])
    assert not is_told_apart(chosen, ["1.tif", "2.tif", "1_P.tif", "2_P.tif", "1_quick.tif"])


def test_a_pattern_with_bands_takes_only_files_of_its_bands() -> None:
    (one,) = file_sets({f"s{n}_{band}.tif": 1 for n in (1, 2) for band in ("B02", "B03")})
    chosen = [(one.candidates[0], one.bands)]
    assert is_told_apart(chosen, [*one.files, "s1_TCI.tif"])
    assert not is_told_apart(chosen, [*one.files, "s1_b_B02.tif"])


def test_groups_by_the_last_word_of_names() -> None:
    kinds = {f"{n}_{word}.tif": word for n in ("6010_0_0", "6010_1_2") for word in "AMP"}
    assert [(one.name, len(one.files)) for one in file_sets(kinds)] == [
        ("A", 2),
        ("M", 2),
        ("P", 2),
    ]
    towns = {"city_paris.tif": 1, "city_rome.tif": 1}
    assert len(file_sets(towns)) == 1, "scenes of one kind are no groups"


def test_bands_of_their_own_and_their_order() -> None:
    kinds = {f"s{n}_{band}.tif": 1 for n in (1, 2) for band in ("B8A", "B11", "B02", "B08")}
    (one,) = file_sets(kinds)
    assert one.bands == ("B02", "B08", "B8A", "B11")
    assert one.candidates[0].text == "{id}_{band}.tif"


def test_a_folder_per_scene_and_a_folder_per_group() -> None:
    scenes = {f"{site}/{name}.tif": name for site in "abc" for name in ("dem", "image")}
    assert [one.candidates[0].text for one in file_sets(scenes)] == [
        "{id}/dem.tif",
        "{id}/image.tif",
    ]
    groups = {f"{kind}/{n}.tif": kind for kind in ("pan", "rgb") for n in range(4)}
    assert [one.candidates[0].text for one in file_sets(groups)] == ["pan/{id}.tif", "rgb/{id}.tif"]


def test_folders_that_split_a_dataset_are_one_set() -> None:
    kinds = {f"{split}/{n}.tif": 1 for split in ("train", "val") for n in range(3)}
    (one,) = joined_splits(file_sets(kinds), kinds)
    assert (len(one.files), one.candidates) == (6, ())
    pairs = {f"{kind}/{n}.tif": 1 for kind in ("before", "after") for n in range(3)}
    assert len(joined_splits(file_sets(pairs), pairs)) == 2


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("masks/1.png", True),
        ("a/001_gt.tif", True),
        ("GroundTruth/1.tif", True),
        ("ground_truth/1.tif", True),
        ("images/1.tif", False),
        ("reflectance/1.tif", False),
    ],
)
def test_words_that_speak_of_labels(path: str, wanted: bool) -> None:
    assert speaks_of_labels(path) is wanted


def test_image_and_mask_have_one_plain_id() -> None:
    assert plain_id("train/images/7.tif") == plain_id("train/masks/7_mask.png") == "train_7"
    assert plain_id("siteA/siteA_{band}.tif") == "siteA"
    assert plain_id("{band}.tif") == "scene"
    assert plain_id("T33.SAFE/R10m/a_{band}_10m.jp2") == plain_id("T33.SAFE/R20m/a_{band}_20m.jp2")
    assert is_aside("T33_TCI_10m.jp2")
    assert not is_aside("T33_B02_10m.jp2")
