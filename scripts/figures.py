"""Renew the pictures of the README and the docs from the results of `make demo`.

Run it as ``.venv/bin/python scripts/figures.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

RUN = Path("data/runs/demo")
FOLDER = Path("docs/images")
PICTURES = {
    "demo.png": RUN / "score" / "overview" / "overview.png",
    "contact-sheet.png": RUN / "augment" / "contact-sheet-all" / "contact-sheet.png",
}
WIDTH = 740


def main() -> None:
    """Write each picture, small enough for a repository."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, source in PICTURES.items():
        if not source.exists():
            sys.exit(f"{source}: missing; run `make demo` first")
        picture = Image.open(source).convert("RGB")
        height = round(picture.height * WIDTH / picture.width)
        small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
        small.save(FOLDER / name, optimize=True)
        print(f"{FOLDER / name}: {(FOLDER / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
