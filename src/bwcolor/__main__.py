# SPDX-License-Identifier: Apache-2.0
"""``bwcolor`` and ``python -m bwcolor``."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

# Read by libraries while they load, so set before any of them; whoever set one knows better.
ENVIRONMENT = {
    # OpenMP threads that wait must not spin: with one busy neighbour on the machine torch would be 30 times slower
    "OMP_WAIT_POLICY": "PASSIVE",
    # oneDNN keeps one plan per picture size; unbounded, that grows by megabytes per new size
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64",
    # OpenCV's own limit; bwcolor has one that users can raise (--max-pixels)
    "OPENCV_IO_MAX_IMAGE_PIXELS": str(1 << 40),
}


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from bwcolor.cli.wall import run

    sys.exit(run())


if __name__ == "__main__":
    main()
