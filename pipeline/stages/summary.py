"""The last line of a make target: what the run has, what it scores, what to look at."""

from __future__ import annotations

from pipeline.artifacts import MANIFEST
from pipeline.chain import CHAIN
from pipeline.files import read_json
from pipeline.progress import say
from pipeline.stages.asked import ASKED
from pipeline.stages.currency import stale_stage
from pipeline.stages.job import Job


def summarise(job: Job) -> None:
    """Say whether anything was made since Make asked, and the run's score."""
    asked = (job.run / "inputs" / ASKED).stat().st_mtime_ns
    manifests = {row.name: job.run / row.name / MANIFEST for row in CHAIN}
    there = {name: path for name, path in manifests.items() if path.exists()}
    if all(path.stat().st_mtime_ns < asked for path in there.values()):
        say(f"{job.run}: nothing to do, {len(there)} stages are up to date")
    result = job.run / "score" / "score.json"
    if result.exists() and stale_stage(job.run, "score") is None:
        score = read_json(result)
        say(f"{job.run}: mean Jaccard {score['mean_jaccard']:.4f} ({score['of']})")
    elif result.exists():
        say(f"{job.run}: the score is out of date; `make score` brings it up to date")
    submission = job.run / "submission" / "submission.csv"
    if submission.exists() and stale_stage(job.run, "submission") is None:
        say(f"{job.run}: submission in {submission}")
