"""Generated scenes: layout, truth and physics, on worlds of a few dozen metres."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely import from_wkt
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from pipeline.errors import ConfigError
from pipeline.imagery.generated.dataset import generate_dataset, generate_scene
from pipeline.imagery.generated.place import build_place
from pipeline.imagery.generated.scene_ids import first_test_place, scene_id
from pipeline.imagery.generated.spec import GeneratorSpec
from pipeline.imagery.transform import contest_affine, moved, rescaled

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

SPEC = GeneratorSpec(seed=10, train_places=3, test_places=1, twins=1, size=(60, 90))
TRAIN = ["1010_0_0", "1040_0_0", "1010_0_1", "1010_0_2"]
TEST = ["1020_0_0"]
SUFFIXES = {"RGB": "three_band/{}.tif", **{g: f"sixteen_band/{{}}_{g}.tif" for g in "PMA"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("generated")
    generate_dataset(target, SPEC)
    return target


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as source:
        return list(csv.reader(source))


def image(folder: Path, name: str, group: str) -> NDArray[np.float64]:
    with rasterio.open(folder / SUFFIXES[group].format(name)) as source:
        assert source.crs is None
        assert source.dtypes[0] == "uint16"
        return np.asarray(source.read(), dtype=np.float64)


def grid(folder: Path, name: str) -> tuple[float, float]:
    found = {row[0]: (float(row[1]), float(row[2])) for row in rows(folder / "grid_sizes.csv")[1:]}
    return found[name]


def truth(folder: Path, name: str) -> dict[int, BaseGeometry]:
    table = "solution.csv" if name in TEST else "train_wkt_v4.csv"
    return {int(row[1]): from_wkt(row[2]) for row in rows(folder / table)[1:] if row[0] == name}


def mask(folder: Path, name: str, code: int, group: str) -> NDArray[np.bool_]:
    """Pixels of a group whose centre lies in a class."""
    full = image(folder, name, "RGB").shape[1:]
    shape = image(folder, name, group).shape[1:]
    to_pixels = ~rescaled(contest_affine(*grid(folder, name), full), full, shape)
    geometry = moved(truth(folder, name)[code], to_pixels)
    if geometry.is_empty:
        return np.zeros(shape, dtype=bool)
    return np.asarray(rasterize([geometry], out_shape=shape)) > 0


def test_files_are_those_of_the_contest(folder: Path) -> None:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    images = {text.format(name) for text in SUFFIXES.values() for name in TRAIN + TEST}
    tables = {"train_wkt_v4.csv", "solution.csv", "sample_submission.csv", "grid_sizes.csv"}
    assert found == images | tables


def test_tables_have_a_row_for_each_scene_and_class(folder: Path) -> None:
    header = ["ImageId", "ClassType", "MultipolygonWKT"]
    for table, names in (
        ("train_wkt_v4.csv", TRAIN),
        ("solution.csv", TEST),
        ("sample_submission.csv", TEST),
    ):
        content = rows(folder / table)
        assert content[0] == header
        expected = [(name, str(code)) for name in names for code in range(1, 11)]
        assert [(row[0], row[1]) for row in content[1:]] == expected
    sizes = rows(folder / "grid_sizes.csv")
    assert sizes[0] == ["", "Xmax", "Ymin"]
    assert [row[0] for row in sizes[1:]] == TRAIN + TEST
    assert all(float(row[1]) > 0 > float(row[2]) for row in sizes[1:])


def test_groups_have_their_bands_bits_and_relative_sizes(folder: Path) -> None:
    for name in TRAIN + TEST:
        groups = {group: image(folder, name, group) for group in SUFFIXES}
        assert [groups[group].shape[0] for group in ("RGB", "P", "M", "A")] == [3, 1, 8, 8]
        assert groups["P"].shape[1:] == groups["RGB"].shape[1:]
        for group, bits in {"RGB": 11, "P": 11, "M": 11, "A": 14}.items():
            assert 0 < groups[group].min() <= groups[group].max() < 2**bits
        for axis, side in enumerate(groups["RGB"].shape[1:], start=1):
            assert side * 0.31 + 0.7 >= 60
            assert side / 4 == pytest.approx(groups["M"].shape[axis], abs=1.9)
            assert side * 0.31 / 7.5 == pytest.approx(groups["A"].shape[axis], abs=0.6)
    assert len({image(folder, name, "RGB").shape for name in TRAIN}) > 1


def test_a_pixel_of_ground_measures_as_in_the_contest(folder: Path) -> None:
    for name in TRAIN + TEST:
        _, height, width = image(folder, name, "RGB").shape
        x_max, y_min = grid(folder, name)
        assert x_max / width == pytest.approx(2.7e-6, rel=0.02)
        assert -y_min / height == pytest.approx(2.7e-6, rel=0.02)


def test_labels_are_valid_and_inside(folder: Path) -> None:
    for name in TRAIN + TEST:
        x_max, y_min = grid(folder, name)
        for geometry in truth(folder, name).values():
            assert geometry.geom_type == "MultiPolygon"
            assert geometry.is_valid
            assert geometry.difference(box(0, y_min, x_max, 0).buffer(1e-9)).is_empty


def test_coordinates_are_written_with_nine_decimals(folder: Path) -> None:
    text = rows(folder / "solution.csv")[6][2].replace("(", " ").replace(")", " ").replace(",", " ")
    numbers = [word for word in text.split() if "." in word]
    assert numbers
    assert max(len(number.split(".")[1]) for number in numbers) <= 9


def test_all_classes_appear(folder: Path) -> None:
    present = {
        code
        for name in TRAIN + TEST
        for code, geometry in truth(folder, name).items()
        if not geometry.is_empty
    }
    assert present == set(range(1, 11))


def test_same_seed_same_bytes_other_seed_other_bytes(folder: Path, tmp_path: Path) -> None:
    def digests(place: Path) -> list[str]:
        files = sorted(path for path in place.rglob("*") if path.is_file())
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]

    calls: list[tuple[int, int]] = []
    (tmp_path / "again").mkdir()
    generate_dataset(tmp_path / "again", SPEC, lambda done, total: calls.append((done, total)))
    assert digests(tmp_path / "again") == digests(folder)
    assert calls == [(done, 5) for done in range(1, 6)]
    (tmp_path / "other").mkdir()
    generate_dataset(tmp_path / "other", GeneratorSpec(11, 1, 0, 0, (60, 60)))
    assert not set(digests(tmp_path / "other")) & set(digests(folder))


def test_twins_share_what_stands_and_differ_in_what_moves(folder: Path) -> None:
    first, second = truth(folder, "1010_0_0"), truth(folder, "1040_0_0")
    for code in (1, 2, 3, 4, 5, 6, 7, 8):
        if not first[code].is_empty:
            common = first[code].intersection(second[code]).area
            assert common / first[code].union(second[code]).area > 0.97
    assert not first[1].is_empty
    assert first[10].symmetric_difference(second[10]).area > 0
    assert image(folder, "1010_0_0", "A").mean() != image(folder, "1040_0_0", "A").mean()


def test_plants_are_brighter_in_near_infrared_and_water_is_dark(folder: Path) -> None:
    for name in TRAIN:
        bands = image(folder, name, "M")
        red, infrared = bands[4], bands[6]
        ndvi = (infrared - red) / (infrared + red)
        trees, roads = mask(folder, name, 5, "M"), mask(folder, name, 3, "M")
        assert ndvi[trees].mean() > ndvi[roads].mean() + 0.1
        water = mask(folder, name, 7, "M") | mask(folder, name, 8, "M")
        if water.sum() > 20:
            assert np.median(infrared[water]) < 0.5 * np.median(infrared[~water])


def test_band_groups_are_shifted_against_each_other(folder: Path) -> None:
    """Red of M, brought to the grid of RGB, fits RGB better a pixel or more aside."""
    shifts = [_shift(folder, name) for name in TRAIN]
    assert max(np.hypot(*shift) for shift in shifts) > 1.0
    assert len(set(shifts)) > 1


def _shift(folder: Path, name: str) -> tuple[int, int]:
    red = image(folder, name, "RGB")[0]
    coarse = image(folder, name, "M")[4]
    rows_of = np.minimum(np.arange(red.shape[0]) * coarse.shape[0] // red.shape[0], 10**6)
    columns_of = np.arange(red.shape[1]) * coarse.shape[1] // red.shape[1]
    wide = coarse[rows_of][:, columns_of]
    inner = red[8:-8, 8:-8]
    scores = {
        (down, right): np.corrcoef(
            inner.ravel(),
            wide[
                8 + down : wide.shape[0] - 8 + down, 8 + right : wide.shape[1] - 8 + right
            ].ravel(),
        )[0, 1]
        for down in range(-5, 6)
        for right in range(-5, 6)
    }
    return max(scores, key=lambda shift: scores[shift])


def test_a_missed_corner_is_zero_in_all_groups_and_unlabelled() -> None:
    spec = GeneratorSpec(seed=5, train_places=5, test_places=0, twins=0, size=(60, 60))
    scene = generate_scene(build_place(spec, 4), 0)
    for pixels in scene.images.values():
        assert (pixels[:, 0, 0] == 0).all()
        assert (pixels[:, -1, -1] > 0).all()
    x_max, y_min = scene.grid
    corner = box(0, 0.05 * y_min, 0.05 * x_max, 0)
    assert not any(from_wkt(text).intersects(corner) for text in scene.labels.values())


def test_a_twin_has_the_region_of_its_place_plus_thirty() -> None:
    assert [scene_id(place, 0) for place in (0, 7, 25, 50, 75)] == [
        "1010_0_0",
        "1010_1_2",
        "1020_0_0",
        "1030_0_0",
        "1070_0_0",
    ]
    assert scene_id(7, 1) == "1040_1_2"
    names = [scene_id(place, date) for place in range(200) for date in (0, 1)]
    assert len(set(names)) == 400
    assert first_test_place(10) == 25
    assert first_test_place(26) == 50


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"seed": -1}, "seed"),
        ({"train_places": 0, "twins": 0}, "train_places"),
        ({"twins": 99}, "twins"),
        ({"size": (300, 200)}, "size"),
        ({"size": (1, 200)}, "size"),
    ],
)
def test_a_wrong_spec_names_the_field(wrong: dict[str, int], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        GeneratorSpec(**wrong)  # type: ignore[arg-type]
