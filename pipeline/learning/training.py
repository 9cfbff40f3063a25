"""The training loop of one fold.

Everything that decides the next weights is in the checkpoint or is a function of the step's
number, so a training that was killed and continues gives the weights of one that was not, bit for
bit on a CPU. Only a limit in minutes breaks this: then the rate follows the clock.

A step is: the rate by the schedule; the mean gradient of its batches; L1 and clipping; the
optimizer; the bound of the filters; the average of the weights.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from pipeline.config.train import Train
from pipeline.errors import ConfigError, TrainingError
from pipeline.learning.average import Average
from pipeline.learning.batch import Source
from pipeline.learning.checkpoint import Checkpoints, random_state, restore_random_state
from pipeline.learning.device import Compute
from pipeline.learning.difficulty import Difficulty, patch_losses
from pipeline.learning.freezing import set_training
from pipeline.learning.history import Progress, Result, Row, StepReport, Weights
from pipeline.learning.optimizer import build_optimizer, set_rate
from pipeline.learning.penalties import hold_norms, shape_gradients
from pipeline.learning.schedule import rate_factor
from pipeline.learning.validation import validate

SAVE_SECONDS = 30.0
"""A checkpoint is kept at least so often."""


class Training:
    """A training that can be killed at any moment and continued.

    Where the source holds nothing out, nothing is validated: rows have scores of NaN, the whole
    budget is used, and the result is the (averaged) network after the last step.

    Args:
        network: On the compute's device; trained in place, frozen parameters stay.
        loss: Of logits, masks and valid, see :mod:`pipeline.learning.losses`; its batch's masks
            are bool, or float32 in 0 ... 1.
        source: Batches of the fold.
        classes: Number of classes K.
        settings: The ``train`` section.
        compute: Device and arithmetic.
        checkpoints: Where the training is kept while it lasts.
        seconds: Limit of its time, over all runs; None for none.
        on_step: Called after each step.
        on_row: Called after each validation.
        factors: Factor of the learning rate by name of a parameter; 1 if not named.

    Raises:
        TrainingError: If every weight is frozen.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module,
        source: Source,
        classes: int,
        settings: Train,
        compute: Compute,
        checkpoints: Checkpoints,
        seconds: float | None = None,
        on_step: StepReport = lambda _progress, _loss: None,
        on_row: Callable[[Row], None] = lambda _row: None,
        factors: Mapping[str, float] = {},
    ) -> None:
        self.network, self.loss, self.source = network, loss, source
        self.classes, self.settings, self.compute = classes, settings, compute
        self.checkpoints, self.limit = checkpoints, seconds
        self.on_step, self.on_row = on_step, on_row
        self.optimizer = build_optimizer(network, settings, factors)
        self.average = Average(network, settings.average, settings.swa)
        self.difficulty = (
            Difficulty(source.windows, settings.mining) if settings.mining > 0 else None
        )
        self.best: Weights = {}
        self.progress = Progress()
        self._holds_out = True
        self._ticked = self._saved = time.monotonic()

    def run(self) -> Result:
        """Train to the end.

        Raises:
            TrainingError: If the loss is no finite number.
            ConfigError: If the schedule waits for validations and nothing is held out.
        """
        self._holds_out = any(True for _ in self.source.held_out())
        if self.settings.schedule == "plateau" and not self._holds_out:
            raise ConfigError(
                "train.schedule: plateau follows validations, but no scene is held out; set it to "
                "step"
            )
        self._resume()
        set_training(self.network)
        self._ticked = self._saved = time.monotonic()
        progress = self.progress
        progress.done = self._share_done()
        while progress.done < 1 and not self._lost_patience():
            loss = self._step()
            progress.done = self._share_done()
            self.on_step(progress, loss)
            due = math.floor(progress.done * self.settings.validations + 1e-9)
            if due > progress.validations:
                self._validate(due)
                self._save()
            elif time.monotonic() - self._saved > SAVE_SECONDS:
                self._save()
        if not progress.rows:  # killed when its minutes were over, before any validation
            self._validate(self.settings.validations)
        return Result(self.best, tuple(progress.rows), self._reason())

    def advance(self, budgets: Sequence[int]) -> Progress:
        """Train in rungs, each with a whole schedule of its own, from where the checkpoint is.

        A rung begins with the weights and the optimizer of the one before, and its rate runs
        through the schedule from start to end (warm restarts: Loshchilov and Hutter, 2017,
        arXiv:1608.03983). So the network is as good as it can be at the end of every rung, and
        rungs of the same length compare. Nothing is validated. To go on from a checkpoint gives
        the weights of a training that was not interrupted.

        Args:
            budgets: Steps since the beginning at which rungs end, growing; a checkpoint is kept at
                the last.

        Returns:
            How far it is; :attr:`averaged` is what validation would use.

        Raises:
            TrainingError: If the loss is no finite number.
            ConfigError: If the schedule waits for validations.
        """
        if self.settings.schedule == "plateau":
            raise ConfigError(
                "train.schedule: plateau follows validations, but a training in rungs has none; "
                "set it to step"
            )
        self._resume()
        set_training(self.network)
        self._ticked = self._saved = time.monotonic()
        progress = self.progress
        settings = self.settings
        for start, end in itertools.pairwise((0, *budgets)):
            if progress.step == start:  # weights before the restart are no part of the average
                self.average = Average(self.network, settings.average, settings.swa)
            while start <= progress.step < end:
                progress.done = (progress.step - start) / (end - start)
                self.on_step(progress, self._step())
                if time.monotonic() - self._saved > SAVE_SECONDS:
                    self._save()
        self._save()
        return progress

    @property
    def averaged(self) -> nn.Module:
        """The average of the network's weights, or the network where there is none."""
        return self.average.network

    def _step(self) -> float:
        """One step of the optimizer; its loss."""
        settings, progress = self.settings, self.progress
        progress.rate = settings.rate * rate_factor(settings, progress.done, progress.drops)
        set_rate(self.optimizer, progress.rate)
        self.optimizer.zero_grad(set_to_none=True)
        first = progress.step * settings.accumulate
        loss = sum(self._backward(first + i) for i in range(settings.accumulate))
        shape_gradients(self.network, settings)
        self.optimizer.step()
        if settings.max_norm is not None:
            hold_norms(self.network, settings.max_norm)
        self.average.update(progress.done)
        progress.step += 1
        progress.loss_sum += loss
        progress.loss_steps += 1
        return loss

    def _backward(self, number: int) -> float:
        """Add the gradient of a batch, as its part of the step's mean; its part of the loss."""
        batch = self.source.batch(number, self.difficulty)
        with self.compute.autocast():
            logits = self.network(batch.inputs)
        loss: Tensor = self.loss(logits, batch.masks, batch.valid) / self.settings.accumulate
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(self._advice(value))
        loss.backward()  # type: ignore[no-untyped-call]
        if self.difficulty is not None:
            losses = patch_losses(logits, batch.masks, batch.valid)
            self.difficulty.update(batch.places, losses)
        return value

    def _validate(self, due: int) -> None:
        """Score the averaged network on the held-out ground; keep it if it is the best."""
        started = time.monotonic()
        network, progress, settings = self.average.network, self.progress, self.settings
        scores = validate(network, self.source.held_out(), self.classes, self.compute)
        jaccard = tuple(float(value) for value in scores)
        mean = _mean(jaccard) if self._holds_out else math.nan
        # Scores of 0, as on ground without positives, tell no weights apart: the last are kept.
        if not self._holds_out or mean > progress.best or mean == progress.best == 0:
            self.best = {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
        progress.validations = due
        progress.validation_seconds = time.monotonic() - started
        row = Row(progress.step, progress.loss, progress.rate, self._seconds(), mean, jaccard)
        progress.add(row, settings.min_gain)
        if settings.schedule == "plateau":
            progress.drop_after(settings.plateau)
        self.on_row(row)

    def _seconds(self) -> float:
        """Time spent so far, over all runs."""
        now = time.monotonic()
        self.progress.seconds += now - self._ticked
        self._ticked = now
        return self.progress.seconds

    def _share_done(self) -> float:
        """Progress of the training: of its steps, or of its time if that is further."""
        done, seconds = self.progress.step / self.settings.steps, self._seconds()
        if self.limit is None:
            return done
        # The last validation belongs to the time, too.
        usable = max(self.limit - self.progress.validation_seconds, self.limit / 2)
        return max(done, seconds / usable)

    def _lost_patience(self) -> bool:
        patience = self.settings.patience
        return patience is not None and self.progress.since_best >= patience

    def _reason(self) -> str:
        if self._lost_patience():
            return "patience"
        return "steps" if self.progress.step >= self.settings.steps else "minutes"

    def _advice(self, value: float) -> str:
        return (
            f"the loss of step {self.progress.step} is {value}: the training diverged; lower "
            f"train.rate (now {self.settings.rate:g}), set train.clip (now {self.settings.clip}) "
            "to 1 or less, or set train.precision to float32"
        )

    def _save(self) -> None:
        self._seconds()
        self.checkpoints.save(
            {
                "network": self.network.state_dict(),
                "average": self.average.to_state(),
                "difficulty": None if self.difficulty is None else self.difficulty.to_state(),
                "optimizer": self.optimizer.state_dict(),
                "progress": self.progress.to_state(),
                "best": self.best,
                "random": random_state(self.compute.device),
            }
        )
        self._saved = time.monotonic()

    def _resume(self) -> None:
        state = self.checkpoints.load()
        if state is None:
            return
        self.network.load_state_dict(state["network"])
        self.average.restore(state["average"])
        if self.difficulty is not None:
            self.difficulty.restore(state["difficulty"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress.from_state(state["progress"])
        self.best = state["best"]
        restore_random_state(state["random"], self.compute.device)


def _mean(jaccard: tuple[float, ...]) -> float:
    """Mean over the classes that are there; 0 if none is."""
    known = [value for value in jaccard if not math.isnan(value)]
    return sum(known) / max(len(known), 1)
