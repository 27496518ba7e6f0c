"""How much torture is tried."""

import os


def full() -> bool:
    """Whether all of it is, for as long as it takes (`make torture`); else what every change can wait for."""
    return os.environ.get("RUSHES_TORTURE", "") not in ("", "0")
