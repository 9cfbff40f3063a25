"""``python -m pipeline STAGE --config FILE``."""

from pipeline.cli import main

if __name__ == "__main__":
    main()
