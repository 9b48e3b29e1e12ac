"""`potok server`: Spark Connect over a port."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

_STOP_S = 5.0
# Spark's default of spark.connect.session.manager.defaultSessionTimeout.
_IDLE_S = 3600.0


def main(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit code."""
    options = _options(arguments)
    from potok.connect.foreach_batch import BatchFunctions
    from potok.connect.server import is_loopback, make_server
    from potok.connect.service import ConnectService
    from potok.session import Runtime
    from potok.streaming.log_format import log_to_standard_error

    log_to_standard_error()
    runtime = Runtime(dict(setting.partition("=")[::2] for setting in options.conf))
    service = ConnectService(runtime, BatchFunctions(lambda _: None).host, idle_timeout_s=_IDLE_S)
    try:
        server, port = make_server(
            service,
            host=options.host,
            port=options.port,
            token=options.token,
            certificate=options.certificate,
            key=options.key,
        )
    except (ValueError, RuntimeError, OSError) as error:
        print(f"potok server: {error}", file=sys.stderr)  # noqa: T201 - said to the user
        runtime.stop()
        return 1
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    loopback = is_loopback(options.host)
    name = "localhost" if loopback else options.host
    print(f"potok server at sc://{name}:{port}", flush=True)  # noqa: T201 - whoever started it waits for it
    if options.token and options.certificate is None and not loopback:
        print("WARN potok: PySpark sends a token to other machines over TLS only", file=sys.stderr)  # noqa: T201
    stop.wait()
    server.stop(0)
    if service.stop_queries(_STOP_S) and service.end_operations(_STOP_S):
        service.close()
        runtime.stop()
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="potok server",
        description="Spark Connect over a port. Whoever may call it runs Python code as this user.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=15002, help="the port, 0 for any (default 15002)")
    parser.add_argument(
        "--token",
        default=os.environ.get("SPARK_CONNECT_AUTHENTICATE_TOKEN"),
        help="what every call must show (default: SPARK_CONNECT_AUTHENTICATE_TOKEN); demanded unless --host"
        " is this machine",
    )
    parser.add_argument("--certificate", type=Path, help="PEM file of a certificate chain, for TLS")
    parser.add_argument("--key", type=Path, help="PEM file of the certificate's key")
    parser.add_argument(
        "--conf", action="append", default=[], metavar="KEY=VALUE", help="a setting for all sessions"
    )
    options = parser.parse_args(arguments)
    for setting in options.conf:
        if "=" not in setting:
            parser.error(f"--conf without '=': {setting}")
    return options
