"""Fetch the contest's files with your Kaggle token, check and unpack them.

    make download-dstl                     # into data/raw/dstl, which configs/dstl.yaml reads
    make download-dstl DATA=/large/disk/dstl
    python scripts/download_dstl.py --keep # archives stay when they are unpacked

Without a token it says how to get one. Stopped half-way, the same command goes on. See
docs/download.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dstl_download.client import make_client
from dstl_download.fetching import Place, download

from pipeline.errors import PipelineError
from pipeline.progress import say


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if all files are there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", nargs="?", type=Path, default=Path("data/raw/dstl"))
    parser.add_argument("--keep", action="store_true", help="leave archives when unpacked")
    options = parser.parse_args(arguments)
    try:
        client = make_client(os.environ, Path.home())
        download(client, Place(options.data, options.keep))
    except PipelineError as error:
        say(f"error: {error}")
        return 1
    except OSError as error:
        say(f"error: {error.filename or 'file system'}: {error.strerror or error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted: the same command goes on where this one stopped")
        return 130
    then = f"make submission CONFIG=configs/dstl.yaml DATA={options.data}"
    say(f"all files are in {options.data}: {then}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
