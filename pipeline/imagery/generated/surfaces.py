"""What surfaces are made of: two materials in a share, their texture, and what seasons change.

Classes share materials on purpose: a pixel alone does not tell a road from a yard, a river from
a pond, a track from a ploughed field or a truck from a roof.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surface:
    """A mixture of two materials.

    Attributes:
        base: Materials of which an object has one.
        other: Materials of which an object mixes one in.
        share: Least and largest share of the other material.
        patch: How much the share wavers from place to place within an object.
        grain: Relative brightness texture at about 0.3 m, 1.5 m and 8 m.
        furrow: How much furrows change the share.
        seasonal: Whether a date draws its own share and materials.
    """

    base: tuple[str, ...]
    other: tuple[str, ...]
    share: tuple[float, float]
    patch: float = 0.05
    grain: tuple[float, float, float] = (0.05, 0.03, 0.03)
    furrow: float = 0.0
    seasonal: bool = False


_GRASS = (0.08, 0.08, 0.05)
_LEAVES = (0.16, 0.1, 0.03)
_DUST = (0.06, 0.06, 0.05)
_METAL = (0.02, 0.02, 0.02)
_PAINTS = ("paint_white", "paint_grey", "paint_red", "paint_blue", "paint_black")

SURFACES: dict[str, Surface] = {
    "asphalt": Surface(("asphalt",), ("gravel",), (0, 0.15)),
    "old_asphalt": Surface(("asphalt",), ("concrete",), (0.2, 0.5)),
    "concrete": Surface(("concrete",), ("asphalt",), (0, 0.3)),
    "paving": Surface(("concrete",), ("tile",), (0.1, 0.5)),
    "gravel": Surface(("gravel",), ("soil",), (0.1, 0.6), 0.15, _DUST),
    "dirt": Surface(("soil",), ("dry_grass",), (0.05, 0.3), 0.15, _DUST),
    "moist_dirt": Surface(("moist_soil",), ("soil",), (0.1, 0.5), 0.15, _DUST),
    "bare": Surface(("soil", "moist_soil"), ("gravel", "soil"), (0.1, 0.5), 0.2, _DUST),
    "marking": Surface(("paint_white",), ("asphalt",), (0.1, 0.4)),
    "grass_strip": Surface(("grass",), ("dry_grass", "soil"), (0.3, 0.7), 0.2, _GRASS, 0, True),
    "verge": Surface(("grass",), ("gravel", "soil"), (0.4, 0.8), 0.25, _GRASS, 0, True),
    "bank": Surface(("grass",), ("moist_soil", "dry_grass"), (0.2, 0.6), 0.2, _GRASS, 0, True),
    "garden": Surface(("grass",), ("dry_grass",), (0.0, 0.6), 0.12, _GRASS, 0, True),
    "rough_grass": Surface(("grass",), ("dry_grass",), (0.1, 0.8), 0.25, _GRASS, 0, True),
    "meadow": Surface(("grass", "crop"), ("dry_grass", "soil"), (0, 0.9), 0.15, _GRASS, 0.05, True),
    "fallow": Surface(("soil",), ("grass", "dry_grass"), (0.0, 0.7), 0.25, _GRASS, 0, True),
    "scrub": Surface(("leaf", "grass"), ("dry_grass",), (0.1, 0.6), 0.3, _LEAVES, 0, True),
    "crop": Surface(
        ("crop", "crop", "ripe_crop", "soil"),
        ("soil", "soil", "moist_soil", "dry_grass"),
        (0.08, 0.6),
        0.1,
        _GRASS,
        0.3,
        True,
    ),
    "tree": Surface(("leaf", "leaf", "leaf_dark"), ("leaf_dark", "crop"), (0, 0.8), 0.15, _LEAVES),
    "tree_turning": Surface(
        ("leaf", "leaf", "leaf_dark"), ("dry_grass",), (0.05, 0.6), 0.15, _LEAVES, 0, True
    ),
    "shrub": Surface(("leaf",), ("grass", "dry_grass"), (0, 0.6), 0.15, _LEAVES, 0, True),
    "water": Surface(("water",), ("turbid_water",), (0, 0.4), 0.1, (0.05, 0.05, 0.06), 0, True),
    "turbid_water": Surface(
        ("turbid_water",), ("water",), (0, 0.4), 0.1, (0.05, 0.05, 0.06), 0, True
    ),
    "tile": Surface(("tile",), ("bitumen", "concrete"), (0, 0.4), 0.05, (0.07, 0.03, 0.02)),
    "slate": Surface(("bitumen",), ("asphalt",), (0.1, 0.9), 0.05, (0.06, 0.03, 0.02)),
    "metal_roof": Surface(("metal",), ("paint_grey",), (0, 0.7), 0.03, _METAL),
    "painted_roof": Surface(_PAINTS, ("concrete", "metal"), (0.1, 0.5), 0.03, _METAL),
    "bitumen_roof": Surface(("bitumen",), ("asphalt", "gravel"), (0, 0.5)),
    "concrete_roof": Surface(("concrete",), ("gravel", "asphalt"), (0, 0.5)),
    "clay_court": Surface(("tile",), ("soil",), (0.1, 0.7)),
    "painted_court": Surface(_PAINTS[2:4], ("concrete",), (0.1, 0.5), 0.03, _METAL),
    "bitumen_court": Surface(("bitumen",), ("asphalt",), (0, 0.9)),
    "wood_fence": Surface(("wood",), ("dry_grass", "soil"), (0.05, 0.35), 0.1, _DUST),
    "wall": Surface(("concrete",), ("gravel",), (0, 0.6)),
    "metal_fence": Surface(("metal",), ("paint_grey", "wood"), (0.1, 0.7)),
    "vehicle": Surface(_PAINTS[:1] + _PAINTS, ("metal",), (0, 0.25), 0.0, _METAL),
    "glass": Surface(("glass",), ("paint_grey",), (0, 0.2)),
}
"""Every surface by name."""
