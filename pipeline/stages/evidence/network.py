"""The networks of a run, each measured once.

Items: ``network-<digest>`` (measures.json), as following a network's reach takes seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from pipeline.artifacts import Item, StageFolder
from pipeline.config import Config
from pipeline.config.network import LibraryNetwork
from pipeline.errors import ConfigError
from pipeline.files import digest_of, read_json, write_json
from pipeline.learning.networks import build
from pipeline.learning.receptive_field import receptive_field
from pipeline.learning.summary import costs
from pipeline.learning.weights import NetworkRecord, read_network_record
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.network import network_section
from pipeline.reporting.report.network_record import Measures, ReportedNetwork
from pipeline.reporting.report.training_record import model_of
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.evidence.learning import networks
from pipeline.stages.job import Job

_FILE: Final = "measures.json"


def chapter(job: Job, folder: StageFolder) -> Chapter | None:
    """The chapter on networks; None if there is none."""
    items = networks(job)
    if not items:
        return None
    found = distinct(job.config, _records(job.config, items))
    if not found:
        return None
    sides = {row.name: row.augment.patch for row in job.config.models}
    measured = {
        key: _measure(folder, key, record, sides[models[0]])
        for key, (record, models) in found.items()
    }
    inputs = {
        "measures": {key: item.digest for key, item in measured.items()},
        "models": {key: models for key, (_, models) in found.items()},
        "records": {key: digest_of(_values(record)) for key, (record, _) in found.items()},
        "classes": [row.model_dump(mode="json") for row in job.config.dataset.classes],
        "rows": [
            [r.name, job.config.codes_of(r), r.augment.patch, r.tiles.metres]
            for r in job.config.models
        ],
    }

    def write() -> list[Section]:
        return [
            network_section(
                [
                    _reported(job.config, record, models, measured[key])
                    for key, (record, models) in found.items()
                ]
            )
        ]

    return Chapter("network", inputs, write)


def _records(config: Config, items: Mapping[str, Item]) -> dict[str, NetworkRecord]:
    """What the first training of each model trained, by the model's name."""
    found = {}
    for row in config.models:
        names = (name for name in sorted(items) if model_of(name) == row.name)
        name = next(names, None)
        if name is not None:
            found[row.name] = read_network_record(items[name].folder)
    return found


def distinct(
    config: Config, records: Mapping[str, NetworkRecord]
) -> dict[str, tuple[NetworkRecord, list[str]]]:
    """Record and models of each distinct network, by a digest of what it is.

    Args:
        config: Of the run.
        records: By the name of the model.
    """
    found: dict[str, tuple[NetworkRecord, list[str]]] = {}
    for row in config.models:
        record = records.get(row.name)
        if record is not None:
            shape = [_values(record), len(record.codes), row.augment.patch, row.tiles.metres]
            found.setdefault(digest_of(shape)[:16], (record, []))[1].append(row.name)
    return found


def _values(record: NetworkRecord) -> dict[str, Any]:
    """All that decides a network's structure and inputs; its classes only by their number."""
    return {
        "network": record.network.model_dump(mode="json"),
        "channels": list(record.channels),
        "levels": None if record.levels is None else list(record.levels),
    }


def _measure(folder: StageFolder, key: str, record: NetworkRecord, side: int) -> Item:
    """Costs and field of a network; null where it can't be built, as without its library."""

    def make(target: Path) -> None:
        measures = _measures(record, side)
        write_json(target / _FILE, None if measures is None else measures.to_json())

    inputs = {**_values(record), "classes": len(record.codes), "side": side}
    return folder.item(f"network-{key}", inputs, make)


def _measures(record: NetworkRecord, side: int) -> Measures | None:
    settings, channels = record.network, len(record.channels)
    if isinstance(settings, LibraryNetwork):
        settings = settings.model_copy(update={"weights": None})  # nothing is downloaded
    with torch.random.fork_rng(devices=[]):
        try:
            network = build(settings, channels, len(record.codes), levels=record.levels)
            cost = costs(network, channels, side)
            field = receptive_field(network, channels)
        except (ConfigError, ImportError, RuntimeError, ValueError):
            return None
    return Measures(cost.parameters, cost.multiply_adds, cost.activation_bytes, field)


def _reported(
    config: Config, record: NetworkRecord, models: list[str], item: Item
) -> ReportedNetwork:
    rows = [row for row in config.models if row.name in models]
    names = {row.code: row.name for row in config.dataset.classes}
    values = read_json(item.path(_FILE))
    return ReportedNetwork(
        record=record,
        models=tuple(models),
        classes=tuple(tuple(names[code] for code in config.codes_of(row)) for row in rows),
        side=rows[0].augment.patch,
        metres=rows[0].tiles.metres,
        measures=None if values is None else Measures.from_json(values),
    )
