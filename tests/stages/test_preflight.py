"""Before the first training: what any row or training could stumble over later."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipeline.artifacts import StageFolder
from pipeline.config import Config
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import write_json
from pipeline.imagery.channels import Channel, Channels
from pipeline.imagery.features import InputRecipe, Normalisation
from pipeline.learning import device
from pipeline.learning.networks import build
from pipeline.learning.weights import NetworkRecord, read_network_record, save_network
from pipeline.stages import augment, preflight, sanity, train
from pipeline.stages.fold import Training, start_network
from pipeline.stages.job import SCENE, Job
from pipeline.stages.preflight import check_trainings
from tests.stages.tiled_run import CONFIG, LABELLED, _write_scene, write_tiled_run

BANDS = [Channel(f"M.{name}", "band", "M", None) for name in "xyz"]


@pytest.fixture(autouse=True)
def no_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contact sheets take longer than all else here."""
    monkeypatch.setattr(augment, "_make_sheet", lambda *_: None)


def job_of(folder: Path, *rows: dict[str, Any], **sections: Any) -> Job:
    """A run with these models whose stages before `train` have finished."""
    job = Job(Config.model_validate({**CONFIG, **sections, "models": rows}), folder / "run")
    with StageFolder(job.run / "tiles", "tiles", "test") as stage:
        for row in job.config.models:
            channels = Channels.of(job.config, row.features)
            count = len(channels.names)
            recipe = InputRecipe(
                channels, "bilinear", Normalisation((1500.0,) * count, (700.0,) * count)
            )
            stage.item(
                f"statistics-{row.name}",
                recipe.to_json(),
                lambda f, r=recipe: write_json(f / "statistics.json", r.to_json()),  # type: ignore[misc]
            )
        for scene in LABELLED:
            stage.item(
                f"{SCENE}{scene}",
                {},
                lambda f, s=scene: _write_scene(f, s, True, 0),  # type: ignore[misc]
            )
    augment.run(job)
    return job


def write_source(folder: Path, *seen: str) -> Path:
    """A network like that of the runs here, which has seen these scenes."""
    settings = Config.model_validate(CONFIG).models[0].network
    folder.mkdir()
    record = NetworkRecord.of(settings, BANDS, (3, 7), seen=seen)
    save_network(folder, record, build(settings, 3, 2).state_dict())
    return folder


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            {"train": {"loss": {"class_weights": {3: 0, 7: 0}}}},
            r"model b: train\.loss\.class_weights: every class has weight 0",
        ),
        ({"train": {"device": "cuda"}}, r"model b: train\.device: there is no cuda here"),
        (
            {
                "network": {"kind": "smp", "encoder": "resnet19"},
                "augment": {"patch": 32},
                "predict": {"window": 32},
            },
            r"b-fold-0: network\.encoder: .*did you mean",
        ),
        (
            {
                "features": {
                    "bands": False,
                    "indices": [{"name": "xy", "a": "M.x", "b": "M.y"}],
                },
                "augment": {"enrich": {"channel_dropout": 0.5}},
            },
            r"b-fold-0: augment\.enrich\.channel_dropout: .*one input channel only",
        ),
        (
            {"features": {"contrast": list(range(1, 1400))}},
            r"b-fold-0: features: .*channels: Tuple should have at most 4096 items.*change",
        ),
        ({"transfer": {"run": "gone"}}, r"b-fold-0: transfer\.run: no run gone has been trained"),
    ],
)
def test_a_fault_of_the_second_row_is_found_before_the_first_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(device, "available_devices", lambda: ("cpu",))
    job = job_of(tmp_path, {"name": "a"}, {"name": "b", **second})
    for stage in (train, sanity):
        with pytest.raises(ConfigError, match=rf"^{message}"):
            stage.run(job)
    assert not (job.run / "train").exists()
    assert not (job.run / "sanity").exists()


def test_a_source_that_saw_ground_of_the_last_fold_is_found_before_the_first(
    tmp_path: Path,
) -> None:
    folds = {0: "6010_0_0", 1: "6020_0_0"}
    for fold, scene in folds.items():
        source = write_source(tmp_path / str(fold), scene)
        job = job_of(tmp_path, {"name": "a", "transfer": {"source": str(source)}})
        with pytest.raises(ConfigError, match=rf"^a-fold-{fold}: transfer: .* {scene}, which"):
            train.run(job)
        assert not (job.run / "train").exists()
    source = write_source(tmp_path / "elsewhere", "9999_0_0")
    check_trainings(job_of(tmp_path, {"name": "a", "transfer": {"source": str(source)}}))


def test_runs_that_can_not_be_joined_are_found_before_the_first_training(tmp_path: Path) -> None:
    job = job_of(tmp_path, {"name": "a"}, ensemble={"runs": ["gone"]})
    with StageFolder(job.run / "scenes", "scenes", "test") as stage:
        for scene in LABELLED:
            build = partial(_write_role, scene=scene)
            stage.item(f"{SCENE}{scene}", {}, build)
    with pytest.raises(ConfigError, match=r"^ensemble\.runs: .*gone: no such run"):
        train.run(job)
    assert not (job.run / "train").exists()


def _write_role(folder: Path, scene: str) -> None:
    write_json(folder / "scene.json", {"id": scene, "role": "train"})


def test_ground_that_was_seen_two_transfers_ago_is_found(tmp_path: Path) -> None:
    """The first source says nothing of what it saw; what it was trained on here is known."""
    write_source(tmp_path / "source", "9999_0_0")
    bare = tmp_path / "bare.safetensors"
    save_file(load_file(tmp_path / "source" / "weights.safetensors"), bare)
    (tmp_path / "first").mkdir()
    transfer = {"source": str(bare), "wavelengths": [500, 600, 700]}
    first = job_of(tmp_path / "first", {"name": "all", "transfer": transfer})
    train.run(first)
    source = first.run / "train" / "all-fold-0"  # holds out regions 6010 and 6030
    record = read_network_record(source)
    assert (record.seen, record.seen_unknown) == (("6020_0_0", "6040_0_0"), True)
    (tmp_path / "second").mkdir()
    second = job_of(tmp_path / "second", {"name": "all", "transfer": {"source": str(source)}})
    with pytest.raises(ConfigError, match=r"^all-fold-1: .*trained on 6020_0_0, 6040_0_0, which"):
        train.run(second)


def test_one_repeat_stands_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(job: Job, ground: Any, training: Training, source: Any) -> Any:
        asked.append(training.name)
        return start_network(job, ground, training, source)

    monkeypatch.setattr(preflight, "start_network", counted)
    ensemble = {"repeats": 3, "unlabelled": "both"}
    check_trainings(job_of(tmp_path, {"name": "a"}, {"name": "b"}, ensemble=ensemble))
    assert asked == [
        f"{name}-{what}" for name in "ab" for what in ("fold-0", "fold-1", "retrained")
    ]


def test_the_check_changes_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = []
    for name in ("checked", "unchecked"):
        (tmp_path / name).mkdir()
        job = job_of(tmp_path / name, {"name": "all"}, network={"width": 4, "dropout": 0.2})
        train.run(job)
        weights.append(load_file(job.run / "train" / "all-fold-1" / "weights.safetensors"))
        monkeypatch.setattr(train, "check_trainings", lambda _: None)
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())


def test_a_model_without_results_of_the_stages_before_says_what_to_run(tmp_path: Path) -> None:
    job = job_of(tmp_path, {"name": "a"})
    renamed = job.config.models[0].model_copy(update={"name": "b"})
    job = Job(job.config.model_copy(update={"models": (renamed,)}), job.run)
    with pytest.raises(ArtifactError, match=r"^model b: .*tiles: lacks statistics-b; run `tiles`"):
        check_trainings(job)


def test_a_batch_that_the_network_can_not_take_is_found_before(tmp_path: Path) -> None:
    """The library's pyramid pooling has one value per channel, however large the patch is."""
    tree = {name: dict(values) for name, values in CONFIG.items()}
    tree["network"] = {"kind": "smp", "architecture": "deeplabv3plus", "encoder": "resnet18"}
    tree["augment"] |= {"patch": 64, "stride": 32}
    tree["predict"] = {"window": 64}
    tree["train"] |= {"batch": 1}
    augment.run(write_tiled_run(tmp_path))
    job = Job(Config.model_validate(tree), tmp_path / "run")
    augment.run(job)
    with pytest.raises(ConfigError, match=r"all-fold-0: network: .* train\.batch 1 patches"):
        check_trainings(job)
