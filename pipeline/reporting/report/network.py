"""The networks as drawings, with their inputs, costs and fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.config.network import UNet
from pipeline.mapping.wording import counted
from pipeline.reporting.page.blocks import Block, Facts, Group, Section, Table, Text
from pipeline.reporting.report.amounts import size
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.report.network_record import ReportedNetwork
from pipeline.reporting.search.network_drawing import draw_network

_OPEN: Final = 2
"""Networks that are seen at once; the others are folded."""


def network_section(networks: Sequence[ReportedNetwork]) -> Section:
    """The section on networks.

    Args:
        networks: Distinct ones, at least one.
    """
    if len(networks) == 1:
        return Section("network", "The network", _blocks(networks[0]))
    groups: list[Block] = [Text(f"The models have {len(networks)} different networks.")]
    for place, network in enumerate(networks):
        title = f"Network of {', '.join(network.models)}"
        groups.append(Group(title, _blocks(network), folded=place >= _OPEN))
    return Section("network", "The networks", tuple(groups))


def _blocks(network: ReportedNetwork) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if len(network.models) > 1:
        told = "; ".join(
            f"{model}: {', '.join(classes)}"
            for model, classes in zip(network.models, network.classes, strict=True)
        )
        blocks.append(
            Text(f"{len(network.models)} models have this network, each for other classes: {told}.")
        )
    if network.measures is None:
        blocks.append(Text("It could not be built again, so it is not drawn.", "warning"))
    else:
        blocks.append(_picture(network, network.measures.parameters))
    return (*blocks, _facts(network), _channels(network))


def _picture(network: ReportedNetwork, parameters: int) -> Block:
    """The drawing; of models that share a network, only the number of classes is told."""
    record = network.record
    classes = network.classes[0]
    if len(network.models) > 1:
        count = len(classes)
        classes = ("its own",) if count == 1 else tuple(f"its {n + 1}." for n in range(count))
    figure = draw_network(
        record.network, len(record.channels), classes, network.side, record.levels, parameters
    )
    kind = "A U-Net drawn as a U" if isinstance(record.network, UNet) else "A network"
    return chart_picture(
        figure,
        f"{kind}: what each level gives for one patch, from "
        f"{counted(len(record.channels), 'input channel')} "
        f"to {counted(len(classes), 'map')} of classes.",
    )


def _facts(network: ReportedNetwork) -> Facts:
    """Sizes, with their units."""
    side, metres, measures = network.side, network.metres, network.measures
    rows = [
        ("input channels", str(len(network.record.channels))),
        ("patch in training", _ground(side, metres)),
    ]
    if measures is not None:
        seen = "the whole patch" if measures.field is None else _ground(measures.field, metres)
        rows += [
            ("weights", f"{measures.parameters:,}"),
            ("a pixel's answer depends on", seen),
            ("multiply-adds of a patch", _count(measures.multiply_adds)),
            ("memory of a patch in training", size(measures.activation_bytes)),
        ]
    return Facts(tuple(rows))


def _count(number: int) -> str:
    """A large number in millions; a small one as it is."""
    return f"{number / 1e6:,.0f} million" if number >= 1e6 else f"{number:,}"


def _ground(pixels: int, metres: float) -> str:
    """A square in pixels and in metres."""
    return f"{pixels} × {pixels} pixels, {pixels * metres:,.0f} m on the ground"


def _channels(network: ReportedNetwork) -> Table:
    """What each input channel is."""
    levels = network.record.levels
    head = ("channel", "what was made of the band", "band group", "wavelength, nm")
    rows = []
    for place, channel in enumerate(network.record.inputs):
        row = (channel.name, channel.kind, channel.group, channel.wavelength)
        rows.append((*row, *(() if levels is None else (levels[place],))))
    return Table(
        f"The {counted(len(rows), 'input channel')}",
        (*head, *(() if levels is None else ("enters at level",))),
        tuple(rows),
        texts=3,
        folded=True,
    )
