"""Connections to Dask: to a cluster of this machine, or to a scheduler elsewhere."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import dask
import distributed

from pipeline.errors import ConfigError
from pipeline.workers.task import ATTEMPTS

PATIENCE: Final = 30.0
"""Seconds that a scheduler or its first worker has to answer."""
_DASK: Any = distributed  # its annotations are partial, and differ from version to version


class _Undisturbed(distributed.WorkerPlugin):
    """Workers leave Ctrl-C to the driver, which ends them."""

    name = "undisturbed"

    def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask passes it by name
        """Called by Dask in each worker when it starts."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def local(size: int) -> Iterator[Any]:
    """A cluster on this machine, and a connection to it."""
    settings = {
        "logging.distributed": "critical",
        # Each worker gets the task it works on and none ahead.
        "distributed.scheduler.worker-saturation": 1.0,
    }
    with (
        dask.config.set(settings),
        _DASK.LocalCluster(
            n_workers=size,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,  # no pages; what is left of its server gets a free port, below
            memory_limit=0,  # Dask would pause or kill a worker at a share of the machine's memory
            silence_logs=logging.CRITICAL,
            scheduler_kwargs={
                "allowed_failures": ATTEMPTS - 1,
                "dashboard_address": "127.0.0.1:0",
            },
        ) as cluster,
        _DASK.Client(cluster) as client,
    ):
        client.register_plugin(_Undisturbed())
        yield client


@contextmanager
def connected(address: str, section: str = "search") -> Iterator[Any]:
    """A connection to a scheduler that has a worker.

    Args:
        address: Of the scheduler.
        section: Of the configuration that names it.

    Raises:
        ConfigError: If it can't be reached, or has no worker.
    """
    try:
        client = _DASK.Client(address, timeout=PATIENCE)
    except (OSError, ValueError, AssertionError) as error:
        # Dask asserts that its thread runs within ten seconds, which a machine at its limit misses.
        raise ConfigError(
            f"{section}.scheduler: no Dask scheduler answers at {address!r} within {PATIENCE:g} s "
            f"({_first_line(error)}); start one with `dask scheduler`, and give the address that "
            f"it prints, such as tcp://10.0.0.5:8786; or set {section}.scheduler to null"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise ConfigError(
                f"{section}.scheduler: the Dask scheduler at {address} has no worker; start "
                "some, on each machine from this project's folder and environment: "
                f"`dask worker {address} --nthreads 1 --nworkers 2`"
            ) from None
        yield client


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Dask's remarks on lost workers and closed connections from the user's terminal."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def workers_of(client: Any) -> Mapping[str, Mapping[str, Any]]:
    """What the scheduler knows of each worker, by address."""
    found: Mapping[str, Mapping[str, Any]] = client.scheduler_info(n_workers=-1)["workers"]
    return found


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
