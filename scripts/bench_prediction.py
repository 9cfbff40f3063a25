"""What sliding-window prediction costs beside its forward passes, and how much memory it takes.

    python scripts/bench_prediction.py             # 512 x 512 x 20, 128-pixel windows
    python scripts/bench_prediction.py --large     # 3400 x 3400 x 20, windows as by default
    python scripts/bench_prediction.py --device cuda

A scene of 20 bands in four groups at their true relative resolutions is written as a tile cache
and predicted by what stage ``predict`` makes its items with: cutting and normalising inputs, eight
views, blending, quantising, leaving out empty ground, writing the file. Its forward passes are
timed where they happen, which gives a fair share on a busy machine, too; then the same number of
passes of the same size is timed by itself. Of several rounds the fastest of each is printed. The
exit status is 1 if the whole takes more than 1.15 times its forward passes, by the larger of the
two ratios, or more than 3 GB of memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from affine import Affine

from pipeline.artifacts import StageFolder
from pipeline.config.features import Tiles
from pipeline.config.mapping import Predict
from pipeline.config.models import ModelRow
from pipeline.config.network import UNet
from pipeline.imagery.bit_field import pack
from pipeline.imagery.channels import Channels, GroupBands
from pipeline.imagery.features import InputRecipe, Normalisation
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import write_tiles
from pipeline.items import Item
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.networks import build
from pipeline.learning.weights import NetworkRecord, load_network, save_network
from pipeline.mapping.prediction.forward import make_forward
from pipeline.mapping.prediction.inference import Forward, Sliding, count_windows
from pipeline.stages.grids import Tile
from pipeline.stages.predict import write_prediction
from pipeline.stages.predictor import Predictor

CODES = tuple(range(1, 11))
MOST_RATIO, MOST_GB = 1.15, 3.0
# Name, bands, working pixels per pixel: RGB and P at the working resolution, M and A coarser.
GROUPS = (("RGB", 3, 1), ("P", 1, 1), ("M", 8, 4), ("A", 8, 24))
BANDS = sum(bands for _, bands, _ in GROUPS)


def make_items(folder: Path, side: int) -> tuple[Item, Item]:
    """Tile cache of a square scene of noise, and a network with random weights."""
    with StageFolder(folder / "bench", "bench", "") as stage:
        tile = stage.item("scene-bench", {}, lambda target: write_scene(target, side))
        network = stage.item("fold-0", {}, write_network)
    return tile, network


def write_scene(folder: Path, side: int) -> None:
    """Files of the tile cache."""
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
    field = pack(np.zeros((len(CODES), side, side), bool), np.ones((side, side), bool))
    to_map = Affine.scale(1e-6, -1e-6)
    write_tiles(folder, "bench", groups, Affine.identity(), to_map, 1.24, field, len(CODES), True)


def write_network(folder: Path) -> None:
    """Files of the U-Net with its settings left as they are."""
    record = NetworkRecord(UNet(), make_recipe().names, CODES)
    save_network(folder, record, build(record.network, BANDS, len(CODES)).state_dict())


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


def make_predictor(tile: Item, sliding: Sliding, compute: Compute, inside: Stopwatch) -> Predictor:
    """The stage's own predictor of one model, for a scene named ``bench``."""
    return Predictor(
        row=ModelRow(name="bench", tiles=Tiles(metres=1.24)),
        places=range(len(CODES)),
        kept=range(len(CODES)),
        tiles={"bench": Tile(tile)},
        statistics=tile,
        networks={},
        recipe=make_recipe(),
        sliding=sliding,
        compute=compute,
        forward=lambda _: inside,
    )


def peak_memory(device: torch.device) -> float:
    """Peak memory of this process, and of the device where it has its own, GB."""
    host = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return host if device.type != "cuda" else host + torch.cuda.max_memory_allocated(device) / 1e9


def arguments() -> argparse.Namespace:
    """What is asked for."""
    stage = Predict()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--large", action="store_true", help="3400 x 3400, as stage predict, once")
    parser.add_argument("--side", type=int, help="side of the scene, pixels")
    parser.add_argument("--window", type=int, help="side of a window, pixels")
    parser.add_argument("--overlap", type=float, help="share that the next window sees again")
    parser.add_argument("--batch", type=int, default=stage.batch)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16", "auto"))
    options = parser.parse_args()
    large = (3400, stage.window, stage.overlap, 1)
    names = ("side", "window", "overlap", "rounds")
    for name, value in zip(names, large if options.large else (512, 128, 0.5, 3), strict=True):
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def main() -> int:
    """Measure and print; 1 if a limit is broken."""
    options = arguments()
    side, window = options.side, options.window
    sliding = Sliding(window, options.overlap, options.batch, Predict().d4)
    torch.set_num_threads(options.threads)
    compute = choose_compute(options.device, options.precision)
    device = compute.device
    with tempfile.TemporaryDirectory() as folder:
        tile, networks = make_items(Path(folder), side)
        forward = make_forward(load_network(networks.folder), compute)
        inside = Stopwatch(forward, device)
        predictor = make_predictor(tile, sliding, compute, inside)
        forwards_alone(forward, sliding, window, device)  # the first passes of a process are slow
        rounds = []
        for number in range(options.rounds):
            inside.seconds = 0.0
            whole = Stopwatch(
                lambda target: write_prediction(
                    target, "bench", Tile(tile), [(predictor, [networks])], CODES, "mean"
                ),
                device,
            )
            alone = Stopwatch(forwards_alone, device)
            target = Path(folder) / f"prediction-{number}"
            target.mkdir()
            whole(target)
            alone(forward, sliding, side, device)
            rounds.append((whole.seconds, inside.seconds, alone.seconds))
    total, within, passes = (min(column) for column in zip(*rounds, strict=True))
    memory, ratio = peak_memory(device), total / min(within, passes)
    count = count_windows((side, side), sliding) * len(sliding.elements)
    print(f"scene {side} x {side} x {BANDS}, {count} windows of {window}, {compute}")
    print(f"whole prediction, written    {total:8.2f} s")
    print(f"forward passes within it     {within:8.2f} s   ratio {total / within:.3f}")
    print(f"forward passes by themselves {passes:8.2f} s   ratio {total / passes:.3f}")
    print(f"larger ratio                 {ratio:8.3f}     {verdict(ratio, MOST_RATIO, 'x')}")
    print(f"peak memory                  {memory:8.2f} GB  {verdict(memory, MOST_GB, ' GB')}")
    return int(ratio > MOST_RATIO or memory > MOST_GB)


def verdict(value: float, limit: float, unit: str) -> str:
    """Whether a measured value keeps its limit."""
    return f"{'pass' if value <= limit else 'FAIL'}: at most {limit:g}{unit}"


if __name__ == "__main__":
    sys.exit(main())
