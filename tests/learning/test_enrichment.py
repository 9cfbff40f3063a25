"""Augmentation beyond D4 at 20 and more channels: values, not only shapes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.config.augment import Enrichment
from pipeline.errors import ConfigError
from pipeline.learning import d4
from pipeline.learning.enrichment import Enricher

CHANNELS = 20


def _batch(channels: int = CHANNELS, side: int = 32) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(2, channels, side, side, generator=generator)
    masks = torch.rand(2, 3, side, side, generator=generator) < 0.5
    return inputs, masks, torch.ones(2, side, side, dtype=torch.bool)


def _enriched(
    batch: tuple[Tensor, Tensor, Tensor], seed: int = 1, **settings: Any
) -> tuple[Tensor, Tensor, Tensor]:
    inputs, masks, valid = (tensor.clone() for tensor in batch)
    enricher = Enricher(Enrichment(**settings), inputs.shape[1], 2)
    enricher(inputs, masks, valid, np.random.default_rng(seed))
    return inputs, masks, valid


def test_off_changes_nothing() -> None:
    batch = _batch()
    assert all(torch.equal(a, b) for a, b in zip(_enriched(batch), batch, strict=True))
    assert Enricher(Enrichment(), 3, 2).gains(np.random.default_rng(0), 4) is None


def test_same_seed_same_patches() -> None:
    settings = {"rotation": 9, "noise": 0.3, "channel_dropout": 0.5, "cutout": 0.5}
    one, two = (_enriched(_batch(), 7, **settings) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], _enriched(_batch(), 8, **settings)[0])


def test_noise_has_its_deviation_around_values_of_both_signs() -> None:
    inputs = torch.stack([torch.linspace(-3, 3, CHANNELS)] * 40)[:, :, None, None]
    inputs = inputs.expand(40, CHANNELS, 16, 16).clone()
    masks, valid = torch.zeros(40, 1, 16, 16).bool(), torch.ones(40, 16, 16).bool()
    noisy, masks_after, valid_after = _enriched((inputs, masks, valid), noise=0.4)
    change = (noisy - inputs).permute(1, 0, 2, 3).flatten(1)
    # The deviation is uniform on 0 ... 0.4, so the variance is 0.4 ** 2 / 3 in every channel.
    assert change.mean(1).abs().max() < 0.02
    assert torch.allclose(change.std(1), torch.tensor(0.4 / 3**0.5), rtol=0.2)
    assert torch.equal(masks_after, masks)
    assert torch.equal(valid_after, valid)


@pytest.mark.parametrize("channels", [3, 20, 21, 22, 23])
def test_rotation_turns_channels_masks_and_validity_alike(channels: int) -> None:
    side = 65
    axis = torch.arange(side) - side // 2
    rows, cols = torch.meshgrid(axis, axis, indexing="ij")
    # Channel f is a plane through the centre; bilinear interpolation keeps planes exactly.
    slopes = torch.linspace(-0.05, 0.08, channels)[:, None, None]
    inputs = (slopes * rows + 0.03 * cols)[None]
    masks = inputs[:, :1] > 0
    valid = torch.ones(1, side, side, dtype=torch.bool)
    turned, masks_after, valid_after = _enriched((inputs, masks, valid), rotation=30)
    inside = valid_after[0]
    assert 0.7 < inside.float().mean() < 1.0
    core = inside & ((rows**2 + cols**2) < 25**2)
    # Each channel is the plane turned by one angle: solve for it in the first, check in all.
    matrix = torch.stack([rows[core], cols[core]], 1).float()
    found = torch.linalg.lstsq(matrix, turned[0][:, core].T).solution.T
    before = torch.stack([slopes.flatten(), torch.full((channels,), 0.03)], 1)
    angle = torch.atan2(found[0, 1], found[0, 0]) - torch.atan2(before[0, 1], before[0, 0])
    cos, sin = torch.cos(angle), torch.sin(angle)
    assert torch.allclose(found, before @ torch.tensor([[cos, sin], [-sin, cos]]), atol=1e-3)
    assert abs(angle) > 0.01
    # The mask was where channel 0 is positive, and still is, but for the pixels on its edge.
    clear = core & (turned[0, 0].abs() > 0.06)
    assert torch.equal(masks_after[0, 0][clear], (turned[0, 0] > 0)[clear])
    assert clear.sum() > 0.8 * core.sum()
    # What came from outside is invalid and of no class.
    assert not masks_after[0, 0][~inside].any()


def test_channel_dropout_blanks_one_channel_of_each_patch() -> None:
    batch = _batch()
    inputs, masks, valid = _enriched(batch, channel_dropout=1)
    blank = (inputs.abs().amax(dim=(2, 3)) < 1e-6).sum(1)
    assert blank.tolist() == [1, 1]
    same = torch.isclose(inputs, batch[0], atol=1e-5).all(dim=3).all(dim=2).sum(1)
    assert same.tolist() == [CHANNELS - 1] * 2
    assert torch.equal(masks, batch[1])
    assert torch.equal(valid, batch[2])


def test_cutouts_blank_rectangles_of_all_channels_and_keep_labels() -> None:
    batch = _batch()
    inputs, masks, valid = _enriched(batch, cutout=1)
    holes = (inputs.abs() < 1e-6).all(1)
    assert 0 < holes.float().mean() < 3 * 0.2**2
    kept = ~holes[:, None].expand_as(inputs)
    assert torch.allclose(inputs[kept], batch[0][kept], atol=1e-5)
    assert torch.equal(masks, batch[1])
    assert torch.equal(valid, batch[2])


def test_gains_are_factors_around_one() -> None:
    gains = Enricher(Enrichment(gain=0.2), 3, 2).gains(np.random.default_rng(0), 1000)
    assert gains is not None
    assert 0.8 <= gains.min() < 0.81
    assert 1.19 < gains.max() <= 1.2
    assert torch.equal(gains[:, 0], gains[:, 1]), "all bands of a patch alike"


def test_tints_are_factors_of_each_band() -> None:
    tints = Enricher(Enrichment(tint=0.1), 3, 2).gains(np.random.default_rng(0), 1000)
    assert tints is not None
    assert tints.shape == (1000, 2)
    assert 0.9 <= tints.min() < 0.901
    assert 1.099 < tints.max() <= 1.1
    assert abs(np.corrcoef(tints.T)[0, 1]) < 0.1
    both = Enricher(Enrichment(tint=0.1, gain=0.2), 3, 2).gains(np.random.default_rng(0), 1000)
    assert both is not None
    assert 0.72 <= both.min() < both.max() <= 1.32


def test_the_only_channel_can_not_be_blanked() -> None:
    with pytest.raises(ConfigError, match="one input channel"):
        Enricher(Enrichment(channel_dropout=0.5), 1, 1)


NAMES = ("e", "r90", "r180", "r270", "h", "t", "v", "hvt")
"""The library's names of our elements 0 to 7."""


@pytest.mark.parametrize("kind", [np.float32, np.uint16])
def test_library_and_our_d4_agree_element_by_element(kind: Any) -> None:
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations
    from albumentations.augmentations.geometric import functional

    rng = np.random.default_rng(0)
    image = (rng.random((6, 6, CHANNELS)) * 1000).astype(kind)
    for element, name in enumerate(NAMES):
        theirs = functional.d4(image, name).transpose(2, 0, 1)
        ours = d4.apply(element, image.transpose(2, 0, 1))
        assert np.array_equal(theirs, ours), name
    # And A.D4 itself draws these eight, image and mask alike.
    transform = albumentations.Compose([albumentations.D4(p=1)])
    mask = (rng.random((6, 6, 10)) < 0.5).astype(np.uint8)
    seen = set()
    for seed in range(60):
        transform.set_random_seed(seed)
        made = transform(image=image, mask=mask)
        planes = made["image"].transpose(2, 0, 1)
        views = [d4.apply(k, image.transpose(2, 0, 1)) for k in d4.ELEMENTS]
        element = next(k for k in d4.ELEMENTS if np.array_equal(views[k], planes))
        expected = d4.apply(element, mask.transpose(2, 0, 1))
        assert np.array_equal(made["mask"].transpose(2, 0, 1), expected)
        seen.add(element)
    assert seen == set(d4.ELEMENTS)
