"""What a submission is held against: a sample's rows, the scenes' extents, the class codes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.dataset import Dataset
from pipeline.errors import SubmissionError
from pipeline.imagery.contest import read_extents
from pipeline.mapping.submissions.rows import Key, read_rows


@dataclass(frozen=True)
class Terms:
    """What is known of the contest; whatever is None is not checked.

    Attributes:
        sample: Row number of each scene and class of the sample, in its order.
        extents: Xmax and Ymin of each scene, map units.
        codes: Class codes that may occur.
        any_units: Whether, without extents, coordinates may be of any map: y may be positive.
    """

    sample: Mapping[Key, int] | None = None
    extents: Mapping[str, tuple[float, float]] | None = None
    codes: Collection[int] | None = None
    any_units: bool = False

    def extent(self, scene: str) -> tuple[float, float] | None:
        """Xmax and Ymin of a scene, if they are known."""
        return self.extents.get(scene) if self.extents is not None else None


def read_terms(
    sample: Path | None = None, grid_sizes: Path | None = None, dataset: Dataset | None = None
) -> Terms:
    """What the tables say that are named, or else those of a dataset.

    Args:
        sample: Sample submission, plain or packed.
        grid_sizes: Table of the scenes' extents.
        dataset: Its classes count, and its tables where none are named.

    Raises:
        SubmissionError: If the sample can't be used.
        DatasetError: If the grid sizes can't be used.
    """
    codes, any_units = None, False
    if dataset is not None:
        codes, any_units = dataset.codes, dataset.layout == "files"
        own_sample, own_sizes = tables_of(dataset)
        sample, grid_sizes = sample or own_sample, grid_sizes or own_sizes
    return Terms(
        read_sample(sample, codes) if sample is not None else None,
        read_extents(grid_sizes) if grid_sizes is not None else None,
        codes,
        any_units,
    )


def tables_of(dataset: Dataset) -> tuple[Path | None, Path | None]:
    """A dataset's sample and its grid sizes, where it names them."""
    folder, names = dataset.folder, (dataset.sample, dataset.grid_sizes)
    sample, sizes = (None if name is None else folder / name for name in names)
    return sample, sizes


def read_sample(path: Path, codes: Collection[int] | None = None) -> dict[Key, int]:
    """Row number of each scene and class of a sample, plain or packed, in its order.

    Raises:
        SubmissionError: Naming the row that is no row of a sample.
    """
    header, rows = read_rows(path, codes)
    faults = [mark for mark in header.marks if mark.kind == "header"]
    if faults:
        raise SubmissionError(f"{path}: {faults[0].message}; correct the header")
    sample: dict[Key, int] = {}
    for row in rows:
        if row.key is None:
            what = row.marks[0].message if row.marks else "can't be read"
            raise SubmissionError(f"{path}, row {row.number}: {what}; correct the sample")
        if sample.setdefault(row.key, row.number) != row.number:
            raise SubmissionError(
                f"{path}, row {row.number}: scene {row.key[0]}, class {row.key[1]} stands in row "
                f"{sample[row.key]} already; remove one of them"
            )
    if not sample:
        raise SubmissionError(f"{path}: has no rows; a sample has one per scene and class")
    return sample
