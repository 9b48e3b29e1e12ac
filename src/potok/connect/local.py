# ruff: noqa: SLF001 - the client has no public way
"""Sessions whose server is this process."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import uuid
import weakref
from typing import TYPE_CHECKING, Any, cast

from pyspark.sql.connect.session import SparkSession as ConnectSession

from potok.connect.channel import InProcessChannelBuilder
from potok.connect.foreach_batch import BatchFunctions, share_functions
from potok.connect.log4j import Jvm
from potok.connect.service import ConnectService
from potok.connect.spark_context import LocalContext
from potok.connect.spark_home import answer_spark_home
from potok.connect.table_path import accept_table_path
from potok.session import Runtime
from potok.streaming.log_format import log_to_standard_error

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOGGER = logging.getLogger("potok.SparkSession")
# How long a batch that has begun may take when the program ends.
_EXIT_S = 10.0
# How long listeners may take to hear of the last events when a session ends.
_TOLD_S = 5.0
# They say where to run, which is settled.
_WHERE = frozenset({"spark.master", "spark.remote", "spark.api.mode"})


class LocalSparkSession(ConnectSession):  # type: ignore[misc]  # pyspark is untyped here
    """A Spark session over the engine of this process: the official client, and what it leaves out."""

    class Builder(ConnectSession.Builder):  # type: ignore[misc]  # pyspark is untyped here
        """`SparkSession.builder` without an address."""

        def master(self, master: str) -> LocalSparkSession.Builder:
            """Kept to be read back: the engine is this process, with all its processors."""
            return cast("LocalSparkSession.Builder", self.config("spark.master", master))

        def enableHiveSupport(self) -> LocalSparkSession.Builder:  # noqa: N802 - PySpark's name
            """Tables live below the warehouse directory; there is no metastore to connect to."""
            log_to_standard_error()
            _LOGGER.warning("enableHiveSupport: there is no Hive metastore here.")
            return self

        def create(self) -> LocalSparkSession:
            """A new session."""
            session = _new_session(self._options)
            ConnectSession._set_default_and_active_session(session)
            _apply(session, self._options)
            return session

        def getOrCreate(self) -> LocalSparkSession:  # noqa: N802 - PySpark's name
            """The active session, or the default one, or a new one."""
            with ConnectSession._lock:
                session = ConnectSession.getActiveSession() or ConnectSession._get_default_session()
                if session is None:
                    return self.create()
                _apply(session, self._options)
                return cast("LocalSparkSession", session)

    def __init__(self, connection: InProcessChannelBuilder) -> None:
        super().__init__(connection=connection)
        self._builder = connection
        # Nothing between client and server can be lost here.
        self._client.disable_reattachable_execute()
        self._context: LocalContext | None = None
        _sessions[self._session_id] = self

    @property
    def sparkContext(self) -> LocalContext:  # noqa: N802 - PySpark's name
        """What is left of the context without a JVM."""
        if self._context is None:
            self._context = LocalContext(self)
        return self._context

    @property
    def _jvm(self) -> Jvm:
        """What is left of it for programs that log through it."""
        return Jvm()

    def stop(self) -> None:
        """End the session. Its listeners have heard everything by then, and are forgotten."""
        super().stop()
        manager = self.__dict__.get("_sqm")
        if manager is None:
            return
        bus = manager._sqlb
        telling = bus._execution_thread
        if telling is not None and telling is not threading.current_thread():
            telling.join(_TOLD_S)
        # Else the client would ask the closed session, when it is collected, to take them away.
        bus._listener_bus.clear()

    def newSession(self) -> LocalSparkSession:  # noqa: N802 - PySpark's name
        """A session with its own settings and views in the same process."""
        return LocalSparkSession(self._builder.for_session(str(uuid.uuid4())))


share_functions(LocalSparkSession)
accept_table_path(LocalSparkSession)
answer_spark_home()

_sessions: weakref.WeakValueDictionary[str, LocalSparkSession] = weakref.WeakValueDictionary()
_lock = threading.RLock()
_service: ConnectService | None = None


def local_service(static_conf: Mapping[str, str]) -> ConnectService:
    """The service of this process.

    It begins with the first session and ends with the last; `static_conf` counts when it begins.
    """
    global _service  # noqa: PLW0603 - one engine a process
    with _lock:
        if _service is not None and _service.sessions.is_empty:
            _close_service()
        if _service is None:
            log_to_standard_error()
            _service = ConnectService(Runtime(static_conf), BatchFunctions(_sessions.get).host)
        return _service


def _new_session(options: Mapping[str, Any]) -> LocalSparkSession:
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    static_conf = {key: str(value) for key, value in options.items() if key != "spark.remote"}
    user_id = os.environ.get("SPARK_USER") or os.environ.get("USER") or "user"
    with _lock:
        return LocalSparkSession(InProcessChannelBuilder(local_service(static_conf), user_id))


def _apply(session: ConnectSession, options: Mapping[str, Any]) -> None:
    values = {key: value for key, value in options.items() if key not in _WHERE}
    if values:
        session.conf._set_all(configs=values, silent=True)


def _close_at_exit() -> None:
    """Stop what runs, in order, but never keep the process from ending."""
    service = _service
    if service is None:
        return
    try:
        has_ended = service.stop_queries(_EXIT_S) and service.end_operations(_EXIT_S)
    except (KeyboardInterrupt, SystemExit):
        _LOGGER.warning("Told again to end: a batch that is running is left to be repeated.")
        return
    if has_ended:
        _close_service()
    else:
        _LOGGER.warning("A batch is still running after %s seconds: it is left to be repeated.", _EXIT_S)


def _close_service() -> None:
    global _service
    with _lock:
        service, _service = _service, None
    if service is not None:
        service.close()
        service.sessions.runtime.stop()


atexit.register(_close_at_exit)
