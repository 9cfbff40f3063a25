"""The last line of a make target: what the run has, what it scores, what to look at."""

from __future__ import annotations

from pipeline.artifacts import MANIFEST
from pipeline.chain import CHAIN
from pipeline.files import read_json
from pipeline.progress import say
from pipeline.stages.job import Job
from pipeline.stages.prepare import ASKED


def summarise(job: Job) -> None:
    """Say whether anything was made since Make asked, and the run's score."""
    asked = (job.run / "inputs" / ASKED).stat().st_mtime_ns
    manifests = {row.name: job.run / row.name / MANIFEST for row in CHAIN}
    there = {name: path for name, path in manifests.items() if path.exists()}
    if all(path.stat().st_mtime_ns < asked for path in there.values()):
        say(f"{job.run}: nothing to do, {len(there)} stages are up to date")
    result = job.run / "score" / "score.json"
    if result.exists() and _is_current(job, "score"):
        score = read_json(result)
        say(f"{job.run}: mean Jaccard {score['mean_jaccard']:.4f} ({score['of']})")
    elif result.exists():
        say(f"{job.run}: the score is out of date; `make score` brings it up to date")
    submission = job.run / "submission" / "submission.csv"
    if submission.exists() and _is_current(job, "submission"):
        say(f"{job.run}: submission in {submission}")


def _is_current(job: Job, stage: str) -> bool:
    """Whether no stage up to this one is older than what it depends on, as Make would ask."""
    newest = 0
    for row in CHAIN:
        manifest = job.run / row.name / MANIFEST
        if not manifest.exists():
            return False
        moment = manifest.stat().st_mtime_ns
        if moment < max(newest, (job.run / "inputs" / f"{row.name}.json").stat().st_mtime_ns):
            return False
        if row.name == stage:
            break
        newest = moment
    return True
