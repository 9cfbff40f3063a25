"""``python -m pipeline STAGE --config FILE``."""

import os
import signal

# Threads that wait asleep instead of spinning: on a busy machine a training step is then two to
# three times as fast. OpenMP reads this once, when the first library that uses it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from pipeline.cli import main

if __name__ == "__main__":
    # Whoever ends it, it leaves the terminal as it was.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
