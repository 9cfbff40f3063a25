"""A search's trials as a TensorBoard log: a run per trial, with its values and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pipeline.reporting.search.axis import text_of
from pipeline.search.dimension import is_number
from pipeline.search.entry import Entry

SCORE = "score"
"""Name of the curve of scores against steps, and of the measure beside a trial's values."""


def log_trials(folder: Path, entries: Sequence[Entry], names: Mapping[str, str]) -> None:
    """Write the trials that were trained, each into a folder of its own such as ``trial_0007``.

    TensorBoard's page HPARAMS compares them. Rejected trials are left out.

    Args:
        folder: Where the runs lie; what is there already stays, so it should be empty.
        entries: The ledger's.
        names: Names of the classes by code; codes without a name stand for themselves.
    """
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - takes a second
    from torch.utils.tensorboard.summary import hparams  # noqa: PLC0415 - the same

    trained = [entry for entry in entries if entry.outcome != "rejected"]
    texts = _text_names(trained)
    for trial in sorted({entry.trial for entry in trained}):
        rungs = sorted((e for e in trained if e.trial == trial), key=lambda entry: entry.budget)
        values = {
            name: text_of(value) if name in texts else value
            for name, value in sorted(rungs[0].params.items())
        }
        with SummaryWriter(str(folder / f"trial_{trial:04d}")) as writer:
            for summary in hparams(values, {SCORE: 0.0}):  # type: ignore[no-untyped-call]
                writer.file_writer.add_summary(summary)
            for entry in rungs:
                ended = datetime.fromisoformat(entry.cost.finished).timestamp()
                for tag, score in _scores(entry, names).items():
                    writer.add_scalar(tag, score, entry.budget, walltime=ended)


def _scores(entry: Entry, names: Mapping[str, str]) -> dict[str, float]:
    """Curves and their values at a budget; what is not known has no point."""
    known = {SCORE: entry.score}
    known |= {f"jaccard/{names.get(code, code)}": score for code, score in entry.classes.items()}
    return {tag: score for tag, score in known.items() if score is not None}


def _text_names(entries: Sequence[Entry]) -> set[str]:
    """Dimensions some of whose values are no numbers: TensorBoard wants one type for each."""
    return {
        name for entry in entries for name, value in entry.params.items() if not is_number(value)
    }
