"""The contest's download: by a client that pretends, and by the official one from this machine."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from requests import ConnectionError as NoConnection
from requests import HTTPError, Response

from pipeline.errors import DownloadError
from tests.chain_project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import download_dstl
from dstl_download import archive, client, fetching
from dstl_download.contest import COMPETITION, PARTS, Listed, Part, chosen
from dstl_download.fetching import Place, check_room, download
from dstl_download.unpacking import unpack

SIXTEEN, THREE = PARTS[3], PARTS[4]
TABLES = {"grid_sizes.csv": b"a,b\n", "sample_submission.csv": b"c\n", "train_wkt_v4.csv": b"d\n"}
IMAGES = {
    "three_band": {"three_band/6010_0_0.tif": b"rgb" * 50},
    "sixteen_band": {f"sixteen_band/6010_0_0_{band}.tif": band.encode() * 99 for band in "AMP"},
}


def zip_of(path: Path, files: Mapping[str, bytes]) -> bytes:
    """An archive's bytes, the archive written to a path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w", ZIP_DEFLATED) as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return path.read_bytes()


@dataclass
class Pretender:
    """The official client's methods; what is fetched stands in ``log``, ``stops`` ends it once."""

    files: dict[str, bytes]
    stops: str = ""
    error: Exception | None = None
    per_page: int = 2
    log: list[str] = field(default_factory=list)

    def authenticate(self) -> None:
        """Nothing."""

    def competition_list_files(
        self, competition: str, page_token: str | None = None, page_size: int = 20
    ) -> Any:
        """Two files a page."""
        assert competition == COMPETITION
        if self.error is not None:
            raise self.error
        first = int(page_token or 0)
        names = sorted(self.files)[first : first + self.per_page]
        rows = [SimpleNamespace(name=name, total_bytes=len(self.files[name])) for name in names]
        more = str(first + self.per_page) if first + self.per_page < len(self.files) else ""
        return SimpleNamespace(files=rows, next_page_token=more)

    def competition_download_file(
        self,
        competition: str,
        file_name: str,
        path: str | None = None,
        force: bool = False,
        quiet: bool = False,
    ) -> None:
        """Go on with what is there, as the official one does."""
        assert (competition, force) == (COMPETITION, False)
        target = Path(path or ".") / file_name
        here = target.stat().st_size if target.exists() else 0
        self.log.append(f"{file_name} from {here}")
        content = self.files[file_name]
        if self.stops == file_name:
            self.stops = ""
            target.write_bytes(content[: len(content) // 2])
            raise NoConnection("connection broken")
        target.write_bytes(target.read_bytes() + content[here:] if here else content)


@pytest.fixture
def pretender(tmp_path: Path) -> Pretender:
    made = tmp_path / "made"
    files = {f"{name}.zip": zip_of(made / "t", {name: text}) for name, text in TABLES.items()}
    for name, images in IMAGES.items():
        extra = {f"{name}/": b"", f"__MACOSX/{name}/._x": b"1", f"{name}/read me.txt": b"2"}
        files[f"{name}.zip"] = zip_of(made / "i", {**extra, **images})
    files["train_geojson_v3.zip"] = zip_of(made / "g", {"train_geojson_v3/x.geojson": b"{}"})
    return Pretender(files)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a dataset, without the download's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and fetching.WORK not in path.parts
    }


WANTED = {**TABLES, **IMAGES["three_band"], **IMAGES["sixteen_band"]}


def test_files_lie_as_the_configuration_expects(
    pretender: Pretender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "deep" / "dstl"
    download(pretender, Place(data))
    assert contents(data) == WANTED
    told = capsys.readouterr().err
    assert "nothing here reads it: train_geojson_v3.zip" in told
    assert "three_band: left out __MACOSX/three_band/._x, three_band/read me.txt" in told
    assert not list(data.glob(f"{fetching.WORK}/*.zip")), "archives are not kept"
    fetched = list(pretender.log)
    assert len(fetched) == len(PARTS)
    assert fetched[-1] == "three_band.zip from 0", "the largest comes last"
    download(pretender, Place(data))
    assert pretender.log == fetched
    assert "three_band.zip: 0.000 GB, is there" in capsys.readouterr().err
    (data / "grid_sizes.csv").unlink()
    download(pretender, Place(data))
    assert pretender.log[len(fetched) :] == ["grid_sizes.csv.zip from 0"]


def test_download_goes_on_where_it_stopped(pretender: Pretender, tmp_path: Path) -> None:
    pretender.stops = "sixteen_band.zip"
    data = tmp_path / "dstl"
    with pytest.raises(DownloadError, match=r"connection broken\n.*it goes on from here"):
        download(pretender, Place(data, keep=True))
    assert contents(data) == TABLES
    half = len(pretender.files["sixteen_band.zip"]) // 2
    before = len(pretender.log)
    download(pretender, Place(data, keep=True))
    assert pretender.log[before:] == [f"sixteen_band.zip from {half}", "three_band.zip from 0"]
    assert contents(data) == WANTED
    kept = data / fetching.WORK / "three_band.zip"
    assert kept.read_bytes() == pretender.files["three_band.zip"]
    (data / "three_band" / "6010_0_0.tif").unlink()
    download(pretender, Place(data, keep=True))
    assert len(pretender.log) == before + 2, "an archive that has come whole is not fetched again"
    assert contents(data) == WANTED


def test_file_of_another_size_than_listed_is_fetched_again(
    pretender: Pretender, tmp_path: Path
) -> None:
    folder = tmp_path / "dstl" / fetching.WORK / "unfinished"
    folder.mkdir(parents=True)
    (folder / "grid_sizes.csv.zip").write_bytes(b"x" * 1000)
    with pytest.raises(DownloadError, match="1000 bytes came, and the contest says"):
        download(pretender, Place(tmp_path / "dstl"))
    download(pretender, Place(tmp_path / "dstl"))
    assert contents(tmp_path / "dstl") == WANTED


def test_table_may_come_unpacked(pretender: Pretender, tmp_path: Path) -> None:
    del pretender.files["grid_sizes.csv.zip"]
    pretender.files["grid_sizes.csv"] = TABLES["grid_sizes.csv"]
    download(pretender, Place(tmp_path / "dstl"))
    assert contents(tmp_path / "dstl") == WANTED


def test_files_of_others_are_never_overwritten(pretender: Pretender, tmp_path: Path) -> None:
    mine = tmp_path / "dstl" / "three_band" / "6010_0_0.tif"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"abc" * 50)  # of the same size
    with pytest.raises(DownloadError, match=r"6010_0_0.tif: is there, and is not the contest's"):
        download(pretender, Place(tmp_path / "dstl"))
    assert mine.read_bytes() == b"abc" * 50
    mine.write_bytes(b"rgb" * 50)
    time = mine.stat().st_mtime_ns
    download(pretender, Place(tmp_path / "dstl"))
    assert mine.stat().st_mtime_ns == time


def test_link_in_the_way_is_not_followed(pretender: Pretender, tmp_path: Path) -> None:
    (tmp_path / "dstl").mkdir()
    (tmp_path / "dstl" / "grid_sizes.csv").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DownloadError, match="never overwritten"):
        download(pretender, Place(tmp_path / "dstl"))
    assert not (tmp_path / "elsewhere").exists()


def test_missing_part_is_named(pretender: Pretender, tmp_path: Path) -> None:
    del pretender.files["three_band.zip"]
    pretender.files["new\x1b[2J.zip"] = b""
    with pytest.raises(DownloadError, match=r"offers no three_band\.zip, only grid_.*new\?\[2J"):
        download(pretender, Place(tmp_path / "dstl"))
    assert not pretender.log


def test_room_is_checked_before_anything_is_fetched(
    pretender: Pretender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=40 * 10**9)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(DownloadError, match=r"needs 47\.1 GB .* and 40\.0 GB are free"):
        download(pretender, Place(tmp_path / "dstl"))
    assert not pretender.log


@pytest.mark.parametrize(("keep", "most"), [(False, 16 + 31 + 13), (True, 16 + 31 + 13 + 7)])
def test_room_is_that_of_the_fullest_moment(keep: bool, most: int, tmp_path: Path) -> None:
    left = {SIXTEEN: Listed("sixteen_band.zip", 7 * 10**9), THREE: Listed("x.zip", 13 * 10**9)}
    place = Place(tmp_path, keep)
    check_room(left, place, most * 10**9)
    with pytest.raises(DownloadError, match=f"needs {most}.0 GB"):
        check_room(left, place, most * 10**9 - 1)


def test_room_for_what_is_there_already_is_not_asked_for(tmp_path: Path) -> None:
    images = IMAGES["sixteen_band"]
    one = Listed(
        "sixteen_band.zip", len(zip_of(tmp_path / ".download" / "sixteen_band.zip", images))
    )
    place = Place(tmp_path)
    check_room({SIXTEEN: one}, place, 297)
    with pytest.raises(DownloadError):
        check_room({SIXTEEN: one}, place, 296)
    (tmp_path / "sixteen_band").mkdir()
    (tmp_path / "sixteen_band" / "6010_0_0_M.tif").write_bytes(b"M" * 99)
    check_room({SIXTEEN: one}, place, 198)


def _entry(name: str, mode: int = stat.S_IFREG | 0o644) -> ZipInfo:
    entry = ZipInfo(name)
    entry.external_attr = mode << 16
    entry.compress_type = ZIP_DEFLATED
    return entry


GOOD = "three_band/6010_0_0.tif"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([_entry("/etc/three_band/6010_0_0.tif")], "outside of the folder"),
        ([_entry("three_band/../../6010_0_0.tif")], "outside of the folder"),
        ([_entry("three_band\\6010_0_0.tif")], "characters"),
        ([_entry("C:/6010_0_0.tif")], "characters"),
        ([_entry("three_band/\x1b[2J.tif")], "characters"),
        ([_entry(GOOD, stat.S_IFLNK | 0o777)], "link or a device"),
        ([_entry("other", stat.S_IFLNK | 0o777)], "link or a device"),
        ([_entry(GOOD, stat.S_IFCHR | 0o666)], "link or a device"),
        ([_entry(GOOD), _entry(GOOD)], "stands there twice"),
        ([_entry(GOOD), _entry("Three_Band/6010_0_0.TIF")], "stands there twice"),
        ([_entry("re\u0301ad"), _entry("r\u00e9ad")], "stands there twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[-1].filename.encode().hex()[-12:],
)
def test_archive_with_one_hostile_entry_is_refused_whole(
    entries: list[ZipInfo], reason: str, tmp_path: Path
) -> None:
    path, data = tmp_path / "a.zip", tmp_path / "x" / "data"
    with ZipFile(path, "w") as writer:
        writer.writestr(_entry("three_band/6020_0_0.tif"), b"good")
        for entry in entries:
            writer.writestr(entry, b"bad")
    with pytest.raises(DownloadError, match=reason):
        unpack(path, THREE, data)
    assert list(tmp_path.rglob("*")) == [path]


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = tmp_path / "a.zip", tmp_path / "data"
    zip_of(path, {GOOD: bytes(1_000_000)})
    with pytest.raises(DownloadError, match="would unpack to 1000000, which three_band can't be"):
        unpack(path, THREE, data)
    zip_of(path, {f"three_band/1_1_{number}.tif": b"x" for number in range(20)})
    monkeypatch.setattr(archive, "ENTRIES", 19)
    with pytest.raises(DownloadError, match="has 20 entries, over 19"):
        unpack(path, THREE, data)
    few = Part(THREE.name, THREE.files, THREE.unpacked, 19)
    monkeypatch.setattr(archive, "ENTRIES", 20)
    with pytest.raises(DownloadError, match="has 20 files of three_band, over 19"):
        unpack(path, few, data)
    small = Part(THREE.name, THREE.files, 9)
    with pytest.raises(DownloadError, match="can't be"):
        unpack(path, small, data)
    assert not data.exists()


def _patched(path: Path, change: Callable[[bytearray], None]) -> None:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def _point_to_first(content: bytearray) -> None:
    """Let the second entry of the directory share the bytes of the first."""
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    content[second + 42 : second + 46] = bytes(4)


def _declare_less(content: bytearray) -> None:
    first = content.index(b"PK\x01\x02")
    content[first + 24 : first + 28] = (100).to_bytes(4, "little")


def _encrypt(content: bytearray) -> None:
    content[content.index(b"PK\x01\x02") + 8] |= 1


def _break(content: bytearray) -> None:
    content[60] ^= 0xFF


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_point_to_first, "overlaps with another"),
        (_declare_less, "damaged|another size"),
        (_encrypt, "is encrypted"),
        (_break, "is damaged"),
        (lambda content: content.__delitem__(slice(-30, None)), "is damaged"),
    ],
    ids=["overlap", "size", "encrypted", "bytes", "cut"],
)
def test_altered_archive_leaves_no_file(
    change: Callable[[bytearray], None], reason: str, tmp_path: Path
) -> None:
    path, data = tmp_path / "a.zip", tmp_path / "data"
    zip_of(path, {GOOD: os.urandom(300), "three_band/6020_0_0.tif": os.urandom(300)})
    _patched(path, change)
    with pytest.raises(DownloadError, match=reason):
        unpack(path, THREE, data)
    assert not [found for found in data.rglob("*") if found.is_file()]


def test_other_packing_and_empty_archives_are_named(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.zip", "w", ZIP_BZIP2) as writer:
        writer.writestr(GOOD, b"x")
    with pytest.raises(DownloadError, match="packed by method 12"):
        unpack(tmp_path / "a.zip", THREE, tmp_path)
    zip_of(tmp_path / "b.zip", {"other.txt": b"x"})
    with pytest.raises(DownloadError, match="holds no file of three_band"):
        unpack(tmp_path / "b.zip", THREE, tmp_path)


def _error(code: int) -> HTTPError:
    response = Response()
    response.status_code = code
    return HTTPError(f"{code} Client Error", response=response)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (_error(403), "accept.* rules at https://www.kaggle.com/c/dstl-.*/rules"),
        (_error(401), "the token is not accepted\n\n.*\n.*Make an account"),
        (NoConnection("no\x1broute"), r"no\?route\nsee that the network works"),
        (ValueError("Downloaded file size (1)"), "file size .1.; run the command again"),
    ],
    ids=["rules", "token", "network", "size"],
)
def test_errors_of_the_network_say_what_to_do(error: Exception, words: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=words):
        download(Pretender({}, error=error), Place(tmp_path))


def test_second_download_into_a_folder_waits(pretender: Pretender, tmp_path: Path) -> None:
    waits = pytest.raises(DownloadError, match="another process downloads into it")
    with fetching._alone(Place(tmp_path)), waits:
        download(pretender, Place(tmp_path))


def test_token_is_found_where_the_client_finds_it(tmp_path: Path) -> None:
    def source(**environment: str) -> str | None:
        return client.token_source(environment, tmp_path)

    kaggle = tmp_path / ".kaggle"
    assert source() is None
    assert source(KAGGLE_USERNAME="me") is None
    assert source(KAGGLE_USERNAME="me", KAGGLE_KEY="k") == "KAGGLE_USERNAME and KAGGLE_KEY"
    (tmp_path / ".config" / "kaggle").mkdir(parents=True)
    other = tmp_path / ".config" / "kaggle" / "kaggle.json"
    other.write_text('{"username": "me", "key": "k"}')
    assert source() == str(other)
    kaggle.mkdir()
    assert source() is None, "the client looks into one of the two"
    assert source(KAGGLE_CONFIG_DIR=str(other.parent)) == str(other)
    for wrong in ('{"username": "me"}', "[]", "{"):
        (kaggle / "kaggle.json").write_text(wrong)
        assert source() is None
    (kaggle / "kaggle.json").write_text(other.read_text())
    assert source() == str(kaggle / "kaggle.json")
    (kaggle / "access_token").write_text(" \n")
    assert source() == str(kaggle / "kaggle.json")
    (kaggle / "access_token").write_text("token")
    assert source() == str(kaggle / "access_token")
    assert source(KAGGLE_API_TOKEN="t") == "KAGGLE_API_TOKEN"


def test_without_a_token_the_command_says_how_to_get_one(tmp_path: Path) -> None:
    done = _python(tmp_path, str(ROOT / "scripts" / "download_dstl.py"), str(tmp_path / "dstl"))
    assert done.returncode == 1
    assert not done.stdout
    for words in ("account", f"{COMPETITION}/rules", "Generate New Token", "chmod 600"):
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "dstl").exists()


def test_command_ends_with_what_to_do_next(
    pretender: Pretender,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(download_dstl, "make_client", lambda *_: pretender)
    assert download_dstl.main([str(tmp_path / "dstl")]) == 0
    assert (
        f"make submission CONFIG=configs/dstl.yaml DATA={tmp_path}/dstl" in capsys.readouterr().err
    )
    del pretender.files["grid_sizes.csv.zip"]
    assert download_dstl.main([str(tmp_path / "dstl")]) == 1
    assert "error: " in capsys.readouterr().err


def _python(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Python as a user without any settings has it."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(home), **more},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


OFFICIAL = """
import inspect, json, socket, sys
sys.path.insert(0, {scripts!r})
def refuse(*_): raise AssertionError("the network was asked")
connect, socket.socket.connect = socket.socket.connect, refuse
from dstl_download import client
from dstl_download.contest import COMPETITION
made = client.client_class()()
for name in ("authenticate", "competition_list_files", "competition_download_file"):
    ours = inspect.signature(getattr(client.Client, name)).parameters
    theirs = inspect.signature(getattr(type(made), name)).parameters
    assert list(ours) == list(theirs), (name, list(theirs))
    defaults = [row.default for row in ours.values()], [row.default for row in theirs.values()]
    assert defaults[0] == defaults[1], defaults
from kagglesdk.competitions.types.competition_api_service import (
    ApiDataFile, ApiListDataFilesResponse)
assert isinstance(ApiDataFile().total_bytes, int) and isinstance(ApiDataFile().name, str)
page = ApiListDataFilesResponse()
assert not page.next_page_token and list(page.files or []) == []
socket.socket.connect = connect
import requests
class Api:
    competitions = competition_api_client = property(lambda self: self)
    __enter__ = lambda self: self
    __exit__ = lambda self, *_: None
    http_client = lambda self: None
    def download_data_file(self, request):
        assert request.competition_name == COMPETITION
        return requests.get({url!r} + request.file_name, stream=True)
type(made).build_kaggle_client = lambda self: Api()
from pathlib import Path
client.fetch(made, "three_band.zip", Path({folder!r}), quiet=True)
"""


class _Server(BaseHTTPRequestHandler):
    """A file of 1000 bytes, in ranges."""

    content: ClassVar[bytes] = bytes(number % 251 for number in range(1000))
    ranges: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer."""
        asked = self.headers.get("Range", "bytes=0-")
        self.ranges.append(asked)
        first = int(asked.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(self.content) - first))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"x"')
        self.end_headers()
        self.wfile.write(self.content[first:])

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    _Server.ranges.clear()
    with HTTPServer(("127.0.0.1", 0), _Server) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/"
        made.shutdown()


def test_official_client_has_what_is_called_and_resumes(tmp_path: Path, server: str) -> None:
    """It is imported without signing in, and goes on with what an earlier process has left."""
    folder = tmp_path / "unfinished"
    folder.mkdir()
    partial = folder / "three_band.zip"
    partial.write_bytes(_Server.content[:400])
    mark = {"validator": '"x"', "size": 1000}
    (folder / "three_band.zip.kaggle-partial").write_text(json.dumps(mark))
    code = OFFICIAL.format(scripts=str(ROOT / "scripts"), url=server, folder=str(folder))
    done = _python(tmp_path, "-c", code, no_proxy="127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert not done.stdout
    assert _Server.ranges == ["bytes=0-", "bytes=400-"]
    assert zlib.crc32(partial.read_bytes()) == zlib.crc32(_Server.content)
    assert [path.name for path in folder.iterdir()] == ["three_band.zip"]


def test_chosen_prefers_archives() -> None:
    names = [part.name for part in PARTS]
    listed = [Listed(name, 1) for part in names for name in (part, f"{part}.zip")]
    assert [one.name for one in chosen(listed).values()] == [f"{name}.zip" for name in names]
