"""Patches that a training is looked at by: which they are, and that looking changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.imagery.patches import Window
from pipeline.learning.device import Compute
from pipeline.learning.held_out_patches import HeldOutPatches, rich_windows
from pipeline.learning.plan import Plan
from pipeline.stages import augment
from pipeline.stages.fold import load_ground
from tests.stages.tiled_run import write_tiled_run

CPU = Compute(torch.device("cpu"), torch.float32)


def _plan(*windows: tuple[str, int, int, tuple[int, ...]]) -> Plan:
    """Windows of scene, row, column and pixels of each class; all of 4 x 4 pixels are valid."""
    names = tuple(dict.fromkeys(scene for scene, *_ in windows))
    return Plan(
        np.array([names.index(scene) for scene, *_ in windows], np.int64),
        np.array([corner for _, *corner, _ in windows], np.int64),
        np.full(len(windows), 1 / len(windows)),
        np.array([(*counts, 16) for *_, counts in windows], np.int64),
        names,
    )


def test_rich_windows_by_hand() -> None:
    plan = _plan(
        ("a", 0, 0, (16, 0)),  # roots of the shares: 1 + 0
        ("a", 0, 2, (9, 9)),  # 0.75 + 0.75, overlaps the others of a
        ("a", 0, 4, (0, 16)),
        ("b", 0, 0, (1, 4)),  # 0.25 + 0.5
        ("c", 0, 0, (16, 16)),  # not held out
    )
    places = {"a": "here", "b": "there"}
    # Then a's others overlap it, and of b's window both classes count half.
    assert rich_windows(plan, places, 4, 3) == [
        ("a", Window(0, 2, 4, 4)),
        ("b", Window(0, 0, 4, 4)),
    ]
    assert rich_windows(plan, {}, 4, 3) == []


def test_other_ground_comes_first() -> None:
    """The twin of the first scene, of another date, has more of the class than the third."""
    plan = _plan(("a", 0, 0, (16,)), ("b", 0, 0, (15,)), ("c", 0, 0, (8,)))
    chosen = rich_windows(plan, {"a": "here", "b": "here", "c": "there"}, 4, 3)
    assert [scene for scene, _ in chosen] == ["a", "c", "b"]


def test_windows_without_a_valid_pixel_are_never_shown() -> None:
    plan = _plan(("a", 0, 0, (0, 0)))
    plan.counts[0, -1] = 0
    assert rich_windows(plan, {"a": "here"}, 4, 3) == []


@pytest.fixture(scope="module")
def patches(tmp_path_factory: pytest.TempPathFactory) -> HeldOutPatches:
    """Of a scene that is smaller than a patch, and one that is not."""
    job = write_tiled_run(tmp_path_factory.mktemp("run"))
    augment.run(job)
    ground = load_ground(job, job.config.models[0])
    spots = [("6040_0_0", Window(-3, 34, 16, 16)), ("6010_0_0", Window(8, 8, 16, 16))]
    return HeldOutPatches(spots, ground.scenes, (1, 0), ground.recipe, CPU)


class _Network(nn.Module):
    """Norm, dropout and a frozen part, as a training has them; logits are its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.drop = nn.Dropout(0.5)
        self.frozen = nn.BatchNorm2d(3)
        self.frozen.requires_grad_(False)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.frozen(batch)
        self.norm(batch)
        logits: torch.Tensor = self.drop(batch)[:, :2]
        return logits


@pytest.mark.parametrize("training", [True, False])
def test_looking_changes_nothing(patches: HeldOutPatches, training: bool) -> None:
    network = _Network().train(training)
    network.frozen.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    first, second = patches.look(network), patches.look(network)
    assert torch.equal(torch.get_rng_state(), random)
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert network.norm.training is network.drop.training is training
    assert not network.frozen.training
    for one, other in zip(first, second, strict=True):
        assert (one.probability == other.probability).all()


def test_patches_end_where_their_scenes_do(patches: HeldOutPatches) -> None:
    small, large = patches.look(_Network())
    assert [window for _, window in patches.shown] == [Window(0, 34, 9, 16), Window(8, 8, 16, 16)]
    assert small.truth.shape == small.probability.shape == (2, 9, 16)
    assert large.probability.shape == (2, 16, 16)
    assert not small.valid[0].any(), "the first row of these scenes is invalid"
    bits = np.asarray(patches.scenes["6010_0_0"].mask[8:24, 8:24])
    assert (large.truth[0] == (bits >> 1 & 1 == 1)).all(), "classes in the model's order"
    assert (large.truth[1] == (bits & 1 == 1)).all()
    # Band 0 is bright, by 1500 / 700 standard deviations, where class 0 is.
    bright = large.probability[0]
    assert bright[large.truth[1]].mean() > bright[~large.truth[1]].mean() + 0.2


def test_nothing_held_out_is_nothing_to_look_at(patches: HeldOutPatches) -> None:
    nothing = HeldOutPatches([], patches.scenes, (0, 1), patches.recipe, CPU)
    assert nothing.look(nn.Identity()) == []
