"""The training loop of one fold.

Everything that decides the next weights is in the checkpoint or is a function of the step's
number, so a training that was killed and continues gives the weights of one that was not, bit for
bit on a CPU. Only a limit in minutes breaks this: then the rate follows the clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from pipeline.config.train import Train
from pipeline.errors import TrainingError
from pipeline.learning.batch import Batch, Source
from pipeline.learning.checkpoint import Checkpoints, random_state, restore_random_state
from pipeline.learning.device import Compute
from pipeline.learning.history import Progress, Result, Row, StepReport, Weights
from pipeline.learning.optimizer import Average, build_optimizer, set_rate
from pipeline.learning.schedule import rate_factor
from pipeline.learning.validation import validate

SAVE_SECONDS = 30.0
"""A checkpoint is kept at least so often."""


class Training:
    """A training that can be killed at any moment and continued.

    Args:
        network: On the compute's device; trained in place.
        loss: Of logits, masks and valid, see :mod:`pipeline.learning.losses`.
        source: Batches of the fold.
        classes: Number of classes K.
        settings: The ``train`` section.
        compute: Device and arithmetic.
        checkpoints: Where the training is kept while it lasts.
        seconds: Limit of its time, over all runs; None for none.
        on_step: Called after each step.
        on_row: Called after each validation.
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
    ) -> None:
        self.network, self.loss, self.source = network, loss, source
        self.classes, self.settings, self.compute = classes, settings, compute
        self.checkpoints, self.limit = checkpoints, seconds
        self.on_step, self.on_row = on_step, on_row
        self.optimizer = build_optimizer(network, settings)
        self.average = Average(network, settings.average)
        self.best: Weights = {}
        self.progress = Progress()
        self._ticked = self._saved = time.monotonic()

    def run(self) -> Result:
        """Train to the end.

        Raises:
            TrainingError: If the loss is no finite number.
        """
        self._resume()
        self.network.train()
        self._ticked = self._saved = time.monotonic()
        done = self._share_done()
        while done < 1 and not self._lost_patience():
            batch = self.source.batch(self.progress.step)
            loss = self._step(batch, self.settings.rate * rate_factor(self.settings.schedule, done))
            self.on_step(self.progress, loss)
            done = self._share_done()
            due = math.floor(done * self.settings.validations + 1e-9)
            if due > self.progress.validations:
                self._validate(due)
                self._save()
            elif time.monotonic() - self._saved > SAVE_SECONDS:
                self._save()
        if not self.progress.rows:  # killed when its minutes were over, before any validation
            self._validate(self.settings.validations)
        return Result(self.best, tuple(self.progress.rows), self._reason())

    def _step(self, batch: Batch, rate: float) -> float:
        """One step of the optimizer; its loss."""
        set_rate(self.optimizer, rate)
        with self.compute.autocast():
            logits = self.network(batch.inputs)
        loss: Tensor = self.loss(logits, batch.masks, batch.valid)
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(self._advice(value))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.settings.clip is not None:
            clip_grad_norm_(self.network.parameters(), self.settings.clip)
        self.optimizer.step()
        self.progress.step += 1
        self.progress.loss_sum += value
        self.progress.loss_steps += 1
        self.average.update(self.progress.step)
        return value

    def _validate(self, due: int) -> None:
        """Score the averaged network on the held-out ground; keep it if it is the best."""
        started = time.monotonic()
        network, progress = self.average.network, self.progress
        scores = validate(network, self.source.held_out(), self.classes, self.compute)
        jaccard = tuple(float(value) for value in scores)
        known = [value for value in jaccard if not math.isnan(value)]
        mean = sum(known) / max(len(known), 1)
        # Scores of 0, as on ground without positives, tell no weights apart: the last are kept.
        better = mean > progress.best or mean == progress.best == 0
        if better:
            self.best = {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
        progress.since_best = 0 if better else progress.since_best + 1
        progress.validations = due
        progress.validation_seconds = time.monotonic() - started
        loss = progress.loss_sum / max(progress.loss_steps, 1)
        progress.loss_sum, progress.loss_steps = 0.0, 0
        rate = self.optimizer.param_groups[0]["lr"]
        row = Row(progress.step, loss, rate, self._seconds(), mean, jaccard)
        progress.rows.append(row)
        self.on_row(row)

    def _seconds(self) -> float:
        """Time spent so far, over all runs."""
        now = time.monotonic()
        self.progress.seconds += now - self._ticked
        self._ticked = now
        return self.progress.seconds

    def _share_done(self) -> float:
        """Progress of the training: of its steps, or of its time if that is further."""
        done = self.progress.step / self.settings.steps
        if self.limit is None:
            return done
        # The last validation belongs to the time, too.
        usable = max(self.limit - self.progress.validation_seconds, self.limit / 2)
        return max(done, self._seconds() / usable)

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
                "average": self.average.network.state_dict(),
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
        self.average.network.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress.from_state(state["progress"])
        self.best = state["best"]
        restore_random_state(state["random"], self.compute.device)
