"""What sliding-window prediction costs beside its forward passes, and how much memory it takes.

    python scripts/bench_prediction.py             # 512 x 512 x 20, 128-pixel windows
    python scripts/bench_prediction.py --large     # 3400 x 3400 x 20, for the peak memory
    python scripts/bench_prediction.py --device cuda

A scene of 20 bands in four groups at their true relative resolutions is written as a tile cache
and predicted as stage ``predict`` does it: cutting and normalising inputs, eight views, blending,
quantising. The same number of forward passes of the same size is then timed alone. Both are
repeated in turn, and the best of each is compared.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

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
    with torch.inference_mode():
        for _ in range(rows * len(sliding.elements)):
            for first in range(0, columns, sliding.batch):
                count = min(sliding.batch, columns - first)
                forward(torch.zeros(count, BANDS, sliding.side, sliding.side, device=device))


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Seconds that ``work`` takes, what it left running on the device included."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


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
        whole = partial(predict_levels, scene.shape, cut, [forward], sliding)
        alone = partial(forwards_alone, forward, sliding, side, device)
        rounds = 1 if options.large else options.rounds
        if not options.large:
            alone()
        pairs = [(timed(whole, device), timed(alone, device)) for _ in range(rounds)]
    total, passes = (min(column) for column in zip(*pairs, strict=True))
    count = count_windows((side, side), sliding) * len(sliding.elements)
    print(f"scene {side} x {side} x {BANDS}, {count} windows of {window}, {options.precision}")
    print(f"whole prediction      {total:8.2f} s")
    print(f"forward passes alone  {passes:8.2f} s   ratio {total / passes:.3f}")
    print(f"peak memory           {peak_gb(device)}")


if __name__ == "__main__":
    main()
