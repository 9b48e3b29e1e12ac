"""What all sessions of a process share."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from potok.connectors.machine import local_time_zone
from potok.engine.engine import Engine
from potok.plan.logical import LogicalPlan
from potok.session.tables import TableStore
from potok.streaming.manager import ActiveRuns


class Runtime:
    """The process: its engine, the configuration it was started with, global views, active queries."""

    def __init__(self, static_conf: Mapping[str, str] | None = None) -> None:
        self.static_conf = dict(static_conf or {})
        self.engine = Engine()
        self.time_zone = local_time_zone()
        self.start_time_ms = time.time_ns() // 1_000_000
        self.working_directory = Path.cwd()
        self.global_views: dict[str, LogicalPlan] = {}
        self.tables = TableStore()
        self.active_runs = ActiveRuns()
        self.lock = threading.Lock()

    def stop(self) -> None:
        """End the engine. Sessions must be closed before."""
        self.engine.close()
