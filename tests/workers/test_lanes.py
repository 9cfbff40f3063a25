"""What torch computes in lanes has the same bytes, however many threads there are."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from pipeline.config.network import LibraryNetwork, Network, UNet
from pipeline.learning.device import Compute
from pipeline.learning.networks import build
from pipeline.mapping.prediction.forward import make_forward
from pipeline.mapping.prediction.inference import Cut, Forward, Sliding, predict_levels
from pipeline.workers.lanes import are_open, in_lanes, open_lanes

THREADS = (1, 2, 3, 5)
CPU = Compute(torch.device("cpu"), torch.float32)


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def forward_of(settings: Network) -> Forward:
    """A network of 6 channels and 3 classes, with weights of chance."""
    torch.manual_seed(5)
    return make_forward(build(settings, 6, 3), CPU)


def cut_of(seed: int) -> Cut:
    """Inputs that a window's place decides."""

    def cut(starts: object) -> Tensor:
        assert isinstance(starts, list)
        torch.manual_seed(seed)
        scene = torch.randn(6, 400, 400)
        return torch.stack([scene[:, r + 99 : r + 163, c + 99 : c + 163] for r, c in starts])

    return cut


@pytest.mark.parametrize(
    "settings",
    [
        UNet(width=8, depth=3),
        LibraryNetwork(kind="smp", architecture="FPN", encoder="efficientnet-b0"),
    ],
    ids=["unet", "smp"],
)
def test_predictions_do_not_depend_on_the_number_of_threads(settings: Network) -> None:
    forward, sliding = forward_of(settings), Sliding(64, batch=3, d4=False)
    found = []
    for threads in THREADS:
        torch.set_num_threads(threads)
        with open_lanes():
            levels = predict_levels((110, 150), cut_of(1), [forward, forward], sliding)
        assert torch.get_num_threads() == threads
        found.append(levels.tobytes())
    assert set(found) == {found[0]}
    assert len(set(found[0])) > 20, "a network that tells nothing proves nothing"


def test_logits_and_logistic_are_the_same_bits() -> None:
    """Levels are rounded; what they are rounded from has to be the same too."""
    network, inputs = forward_of(UNet(width=8, depth=3)), torch.randn(4, 6, 77, 61)

    def work(part: Tensor) -> Tensor:
        return torch.sigmoid(network(part.repeat(1, 1, 2, 2)[..., :96, :96]))

    found = []
    for threads in THREADS:
        torch.set_num_threads(threads)
        with open_lanes():
            found.append(torch.cat(in_lanes(work, torch.split(inputs, 1))))
    assert all(torch.equal(found[0], other) for other in found)


def test_parts_come_in_order_from_threads_of_their_own() -> None:
    torch.set_num_threads(3)
    seen: dict[int, tuple[int, int]] = {}

    def work(part: int) -> int:
        time.sleep(0.05 * (3 - part))
        seen[part] = (threading.get_ident(), torch.get_num_threads())
        return part

    with open_lanes():
        assert are_open()
        assert in_lanes(work, range(3)) == [0, 1, 2]
    assert len({thread for thread, _ in seen.values()} | {threading.get_ident()}) == 4
    assert {number for _, number in seen.values()} == {1}
    assert not are_open()


def test_without_lanes_parts_are_worked_on_here() -> None:
    assert in_lanes(lambda part: (part, threading.get_ident()), "ab") == [
        (part, threading.get_ident()) for part in "ab"
    ]


def test_error_in_a_lane_closes_lanes() -> None:
    torch.set_num_threads(2)
    with pytest.raises(ZeroDivisionError), open_lanes():
        in_lanes(lambda part: 1 // part, [1, 0])
    assert torch.get_num_threads() == 2
    assert not are_open()
