"""Kaggle's own client: where it finds a token, and what is asked of it."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Protocol

from dstl_download.contest import COMPETITION, PAGE, Listed
from pipeline.errors import DownloadError
from pipeline.progress import printable

PER_PAGE: Final = 100
SIGN_IN: Final = f"""The contest's files are given to those who have agreed to its rules. Once:
  1. Make an account at https://www.kaggle.com, or sign in.
  2. Open {PAGE}/rules and accept the rules.
  3. Open https://www.kaggle.com/settings and choose `Generate New Token` under API; or, for a
     kaggle.json, `Create Legacy API Key`.
  4. Save the token's text as ~/.kaggle/access_token (or kaggle.json as ~/.kaggle/kaggle.json), and
     keep it to yourself: chmod 700 ~/.kaggle && chmod 600 ~/.kaggle/access_token
     In place of a file, the variable KAGGLE_API_TOKEN may hold the token, or KAGGLE_USERNAME and
     KAGGLE_KEY what stands in kaggle.json.
Then run the same command again."""


class Client(Protocol):
    """What is used of ``kaggle.api.kaggle_api_extended.KaggleApi``."""

    def authenticate(self) -> None:
        """Sign in, or end the process."""

    def competition_list_files(
        self, competition: str, page_token: str | None = None, page_size: int = 20
    ) -> Any:
        """A page of files, with ``files`` and ``next_page_token``."""

    def competition_download_file(
        self,
        competition: str,
        file_name: str,
        path: str | None = None,
        force: bool = False,
        quiet: bool = False,
    ) -> None:
        """Download a file into a folder; what is there of it is gone on with."""


def token_source(environment: Mapping[str, str], home: Path) -> str | None:
    """Where the client will find a token, in its own order; None if there is none.

    Args:
        environment: Variables.
        home: The user's folder.
    """
    if environment.get("KAGGLE_API_TOKEN"):
        return "KAGGLE_API_TOKEN"
    for name in ("access_token", "access_token.txt"):
        if _holds_text(home / ".kaggle" / name):
            return str(home / ".kaggle" / name)
    if environment.get("KAGGLE_USERNAME") and environment.get("KAGGLE_KEY"):
        return "KAGGLE_USERNAME and KAGGLE_KEY"
    if _is_key(_settings(environment, home) / "kaggle.json"):
        return str(_settings(environment, home) / "kaggle.json")
    credentials = home / ".kaggle" / "credentials.json"
    return str(credentials) if credentials.is_file() else None


def _settings(environment: Mapping[str, str], home: Path) -> Path:
    """The client's folder of settings."""
    named = environment.get("KAGGLE_CONFIG_DIR")
    if named:
        return Path(named)
    if (home / ".kaggle").is_dir():
        return home / ".kaggle"
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "kaggle"


def make_client(environment: Mapping[str, str], home: Path) -> Client:
    """The official client, signed in.

    Raises:
        DownloadError: If there is no token, or it is not accepted; it says what to do.
    """
    source = token_source(environment, home)
    if source is None:
        raise DownloadError(f"there is no Kaggle token\n\n{SIGN_IN}")
    client: Client = client_class()()
    with told():
        try:
            client.authenticate()
        except SystemExit:
            raise DownloadError(f"{source}: Kaggle doesn't accept the token\n\n{SIGN_IN}") from None
    return client


def client_class() -> Callable[[], Client]:
    """The client's class, imported without signing in.

    The package signs in when it is imported, ends in silence if it can't, and prints its own help.
    """
    if "kaggle" not in sys.modules:
        spec = importlib.util.find_spec("kaggle")
        if spec is None:
            raise DownloadError("the package kaggle is not installed; run `make setup`")
        package = importlib.util.module_from_spec(spec)
        package.__dict__["__version__"] = metadata.version("kaggle")
        sys.modules["kaggle"] = package
    try:
        module = importlib.import_module("kaggle.api.kaggle_api_extended")
    except ImportError as error:  # it imports more than it declares
        raise DownloadError(
            f"Kaggle's client can't be imported: {error}; run `make setup`"
        ) from None
    found: Callable[[], Client] = module.KaggleApi
    return found


def list_files(client: Client) -> list[Listed]:
    """All files that the contest offers.

    Raises:
        DownloadError: If Kaggle doesn't say.
    """
    found: list[Listed] = []
    page: str | None = None
    with told():
        while True:
            answer = client.competition_list_files(COMPETITION, page, PER_PAGE)
            found += [Listed(str(one.name), int(one.total_bytes or 0)) for one in answer.files]
            page = answer.next_page_token or None
            if page is None:
                return found


def fetch(client: Client, name: str, folder: Path, *, quiet: bool) -> None:
    """Download a file into a folder, from where an earlier attempt has stopped.

    Raises:
        DownloadError: If it can't be had; what has come stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with told():
        client.competition_download_file(
            COMPETITION, name, path=str(folder), force=False, quiet=quiet
        )


@contextmanager
def told() -> Iterator[None]:
    """Turn what the client's network says into one message that says what to do."""
    from requests import RequestException  # noqa: PLC0415 - not needed for --help

    try:
        yield
    except RequestException as error:
        code = getattr(error.response, "status_code", None)
        what = printable(str(error)).partition("\n")[0][:300]
        raise DownloadError(f"Kaggle: {what}\n{_advice(code)}") from None
    except ValueError as error:  # of the client, when a file has another size than was said
        raise DownloadError(f"Kaggle: {printable(str(error))}; run the command again") from None


def _advice(code: int | None) -> str:
    if code == 401:
        return f"the token is not accepted\n\n{SIGN_IN}"
    if code == 403:
        return (
            f"accept the contest's rules at {PAGE}/rules with the token's account, then run again"
        )
    return "see that the network works, and run the same command again: it goes on from here"


def _holds_text(path: Path) -> bool:
    return path.is_file() and bool(path.read_text(errors="replace").strip())


def _is_key(path: Path) -> bool:
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and {"username", "key"} <= set(values)
