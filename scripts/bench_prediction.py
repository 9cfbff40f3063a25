"""What sliding-window prediction costs beside its forward passes, and how much memory it takes.

    python scripts/bench_prediction.py             # 512 x 512 x 20, 128-pixel windows
    python scripts/bench_prediction.py --large     # 3400 x 3400 x 20, for the peak memory
    python scripts/bench_prediction.py --device cuda

A scene of 20 bands in four groups at their true relative resolutions is written as a tile cache
and predicted as stage ``predict`` does it: cutting and normalising inputs, eight views, blending,
quantising. Its forward passes are timed where they happen, which gives a fair share on a busy
machine, too; then the same number of passes of the same size is timed by itself. Of several
rounds the fastest of each is printed.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from affine import Affine

from pipeline.config.learning import UNet
from pipeline.imagery.channels import Channels, GroupBands
from pipeline.imagery.features import InputRecipe, Normalisation
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, open_tiles, pack, write_tiles
from pipeline.learning.device import choose_compute
from pipeline.learning.networks import build
from pipeline.mapping.cutting import cutter
from pipeline.mapping.forward import make_forward
from pipeline.mapping.inference import Forward, Sliding, count_windows, predict_levels

CLASSES = 10
# Name, bands, working pixels per pixel: RGB and P at the working resolution, M and A coarser.
GROUPS = (("RGB", 3, 1), ("P", 1, 1), ("M", 8, 4), ("A", 8, 24))
BANDS = sum(bands for _, bands, _ in GROUPS)


def make_scene(folder: Path, side: int) -> TiledScene:
    """A square scene of noise as a tile cache."""
    rng = np.random.default_rng(0)
    groups = tuple(
        BandGroup(
            name,
            rng.integers(1, 2048, (bands, -(-side // step), -(-side // step)), dtype=np.uint16),
            None,
            Affine.scale(step),
        )
        for name, bands, step in GROUPS
    )
    field = pack(np.zeros((CLASSES, side, side), bool), np.ones((side, side), bool))
    identity = Affine.identity()
    write_tiles(folder, "bench", groups, identity, identity, 1.24, field, CLASSES, True)
    return open_tiles(folder)


def make_recipe() -> InputRecipe:
    """The bands as they are, normalised."""
    groups = tuple(
        GroupBands(name, tuple(f"b{i}" for i in range(bands)), 2047) for name, bands, _ in GROUPS
    )
    channels = Channels(groups, bands=True, log=False, shape=False, contrast=(), indices=())
    return InputRecipe(channels, "bilinear", Normalisation((1000.0,) * BANDS, (500.0,) * BANDS))


def forwards_alone(forward: Forward, sliding: Sliding, side: int, device: torch.device) -> None:
    """As many forward passes as the prediction makes, of the same sizes."""
    rows = columns = round(count_windows((side, side), sliding) ** 0.5)
    full = torch.randn(sliding.batch, BANDS, sliding.side, sliding.side, device=device)
    full = full.contiguous(memory_format=torch.channels_last)
    for _ in range(rows * len(sliding.elements)):
        for first in range(0, columns, sliding.batch):
            forward(full[: columns - first])


class Stopwatch:
    """Seconds spent in calls of a function, what they left running on the device included."""

    def __init__(self, work: Callable[..., Any], device: torch.device) -> None:
        self.seconds = 0.0
        self._work, self._device = work, device

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        start = time.perf_counter()
        result = self._work(*arguments)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self.seconds += time.perf_counter() - start
        return result


def peak_gb(device: torch.device) -> str:
    """Peak memory of this process, and of the device where it has its own."""
    host = f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB"
    if device.type != "cuda":
        return host
    return f"{host} and {torch.cuda.max_memory_allocated(device) / 2**30:.2f} GB on the device"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--large", action="store_true", help="3400 x 3400, once, without D4")
    parser.add_argument("--side", type=int, help="side of the scene, pixels")
    parser.add_argument("--window", type=int, help="side of a window, pixels")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16", "auto"))
    options = parser.parse_args()
    side = options.side or (3400 if options.large else 512)
    window = options.window or (256 if options.large else 128)
    sliding = Sliding(window, 0.25 if options.large else 0.5, options.batch, not options.large)
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    network = build(UNet(), BANDS, CLASSES)
    forward = make_forward(network, choose_compute(options.device, options.precision))
    with tempfile.TemporaryDirectory() as folder:
        scene = make_scene(Path(folder), side)
        cut = cutter(scene, make_recipe(), window, device)
        rounds = []
        for _ in range(1 if options.large else options.rounds):
            inside = Stopwatch(forward, device)
            whole = Stopwatch(predict_levels, device)
            alone = Stopwatch(forwards_alone, device)
            whole(scene.shape, cut, [inside], sliding)
            alone(forward, sliding, side, device)
            rounds.append((whole.seconds, inside.seconds, alone.seconds))
    total, within, passes = (min(column) for column in zip(*rounds, strict=True))
    count = count_windows((side, side), sliding) * len(sliding.elements)
    print(f"scene {side} x {side} x {BANDS}, {count} windows of {window}, {options.precision}")
    print(f"whole prediction           {total:8.2f} s")
    print(f"forward passes within it   {within:8.2f} s   ratio {total / within:.3f}")
    print(f"forward passes by themselves {passes:6.2f} s   ratio {total / passes:.3f}")
    print(f"peak memory                {peak_gb(device):>11}")


if __name__ == "__main__":
    main()
