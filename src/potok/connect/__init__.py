"""The wire: Spark Connect's protocol in front of a session. Only this package knows protobuf and gRPC."""

from __future__ import annotations

import importlib
import sys


def _import_client() -> None:
    """Import the client, which takes a program without a file (`python -c`) for a test of its own, and exits."""
    main = sys.modules["__main__"]
    if hasattr(main, "__file__"):
        importlib.import_module("pyspark.sql.connect")
        return
    main.__file__ = "<string>"
    try:
        importlib.import_module("pyspark.sql.connect")
    finally:
        del main.__file__


_import_client()
