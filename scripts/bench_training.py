"""What a training step costs, and how much of it is data: cutting, channels, augmentation.

Run it after `make augment`, with the same CONFIG and RUN:

    python scripts/bench_training.py --config configs/demo.yaml

It trains the first model's first network for some steps and throws it away: once as `train` does
it, and once as it would with scenes too large for their inputs to be kept in memory. The project
holds itself to at most 15 % for data on a CPU with the demo's network.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from pipeline.config import load_config
from pipeline.learning.batch import Batch
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.losses import build_loss
from pipeline.learning.networks import parameters_of
from pipeline.learning.optimizer import build_optimizer
from pipeline.learning.penalties import hold_norms, shape_gradients
from pipeline.learning.scene_inputs import LIMIT
from pipeline.learning.scene_source import SceneSource
from pipeline.stages.fold import Ground, Training, load_ground, make_source, start_network
from pipeline.stages.job import RUNS, Job

SHARE = 0.15


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--config", type=Path, default=Path("configs/demo.yaml"))
    parser.add_argument("--run", help="name of the run; the config's file name by default")
    parser.add_argument("--set", action="append", default=[], help="section.key=value")
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    config = load_config(options.config, options.set)
    job = Job(config, RUNS / (options.run or options.config.stem))
    row = config.models[0]
    ground, training = load_ground(job, row), Training(row.name, fold=0)
    compute = choose_compute(row.train.device, row.train.precision)
    patch, size = row.augment.patch, row.train.batch
    network = compute.place(start_network(job, ground, training).network)
    train = _trainer(ground, network, compute)
    print(
        f"{size} patches of {len(ground.recipe.names)} x {patch} x {patch} on {compute}, "
        f"{torch.get_num_threads()} threads, {parameters_of(network):,} weights, "
        f"fastest tenth of {options.steps} steps"
    )
    for way, limit in (("as it is", LIMIT), ("scenes too large to be kept", 0)):
        source = make_source(ground, training, compute, limit)
        for step in range(20):
            batch = source.batch(step)
        for _ in range(3):
            train(batch)
        cut, learn = _measure(source, train, options.steps, compute)
        share = cut / (cut + learn)
        print(
            f"{way}: data {cut * 1000:.1f} ms, learning {learn * 1000:.1f} ms per step, "
            f"{size / (cut + learn):.1f} patches per second; data is {share:.1%} of a step "
            f"({'within' if share <= SHARE else 'OVER'} {SHARE:.0%})"
        )


def _trainer(ground: Ground, network: torch.nn.Module, compute: Compute) -> Callable[[Batch], None]:
    """One step of the optimizer, as `pipeline.learning.training` does it."""
    settings = ground.row.train
    loss = build_loss(settings.loss, ground.codes).to(compute.device)
    optimizer = build_optimizer(network, settings)

    def train(batch: Batch) -> None:
        with compute.autocast():
            logits = network(batch.inputs)
        value = loss(logits, batch.masks, batch.valid)
        value.item()
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        shape_gradients(network, settings)
        optimizer.step()
        if settings.max_norm is not None:
            hold_norms(network, settings.max_norm)

    return train


def _measure(
    source: SceneSource, train: Callable[[Batch], None], steps: int, compute: Compute
) -> tuple[float, float]:
    """Seconds per step for data and for learning, step by step in turn.

    The fastest tenth of the steps is what counts: other work on the machine only adds to a step.
    """
    cutting, learning = [], []
    for step in range(steps):
        started = time.perf_counter()
        batch = source.batch(step)
        _finish(compute)
        cut = time.perf_counter()
        train(batch)
        _finish(compute)
        cutting.append(cut - started)
        learning.append(time.perf_counter() - cut)
    return statistics.quantiles(cutting, n=10)[0], statistics.quantiles(learning, n=10)[0]


def _finish(compute: Compute) -> None:
    """Wait for what a GPU still has to do."""
    if compute.device.type == "cuda":
        torch.cuda.synchronize(compute.device)


if __name__ == "__main__":
    main()
