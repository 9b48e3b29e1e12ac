# ruff: noqa: SLF001 - the client has no public way
"""`foreachBatch`: the user's function gets a data frame of the client, in the thread of the query.

The client pickles the function. PySpark without Connect calls the function itself, in the program's
process: it may append to a list, count, print to an open file, use the program's `spark`. Sessions of
this process do the same: their message holds a reference.
"""

from __future__ import annotations

import itertools
import os
import uuid
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pyspark.serializers import CloudPickleSerializer
from pyspark.sql.connect.session import SparkSession as ConnectSession
from pyspark.sql.connect.streaming.readwriter import DataStreamWriter

from potok.connect.channel import InProcessChannelBuilder
from potok.errors import SparkError
from potok.plan.logical import LocalRelation, schema_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from potok.connect.service import ConnectService
    from potok.connect.sessions import ServerSession
    from potok.connectors.base import Rows
    from potok.plan.commands import WriteStream

    FindSession = Callable[[str], ConnectSession | None]


_numbers = itertools.count()
_shared: dict[tuple[int, int], Callable[..., Any]] = {}


class _Reference:
    """Pickled in place of a function of this process, which is what unpickling gives.

    It is good for as long as the writer lives: a query takes the function when it starts.
    """

    def __init__(self, function: Callable[..., Any], writer: DataStreamWriter) -> None:
        self._key = (os.getpid(), next(_numbers))
        _shared[self._key] = function
        weakref.finalize(writer, _shared.pop, self._key, None)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[tuple[int, int]]]:
        return shared_function, (self._key,)


def shared_function(key: tuple[int, int]) -> Callable[..., Any]:
    """The function behind a reference. KeyError in another process: references are not sent to one."""
    return _shared[key]


def share_functions(session_class: type[ConnectSession]) -> None:
    """Let `foreachBatch` of sessions of this class pass the function by reference."""
    pickled = DataStreamWriter.foreachBatch

    def foreachBatch(writer: DataStreamWriter, func: Callable[[Any, int], None]) -> DataStreamWriter:  # noqa: N802 - PySpark's name
        if not isinstance(writer._session, session_class) or not callable(func):
            return pickled(writer, func)
        return pickled(writer, _Reference(func, writer))

    foreachBatch.__doc__ = pickled.__doc__
    DataStreamWriter.foreachBatch = foreachBatch


class BatchFunctions:
    """Makes user functions callable. `find_session` gives a client of this process by its session's id."""

    def __init__(self, find_session: FindSession) -> None:
        self._find_session = find_session

    def host(
        self, service: ConnectService, session: ServerSession, write: WriteStream
    ) -> Callable[[Rows, int], None]:
        """The function of a query, unpickled now, so that what it misses is missed at the start."""
        if write.foreach_batch is None:
            raise SparkError("INTERNAL_ERROR", message="The query has no foreachBatch function.")
        client = self._find_session(session.session_id)
        if client is None:
            client = _client_of(service, session)
        with _active(client):
            function = CloudPickleSerializer().loads(write.foreach_batch.payload)

        def call(rows: Rows, batch_id: int) -> None:
            relation_id = str(uuid.uuid4())
            relation = LocalRelation(rows.to_table(), schema_attributes(rows.schema))
            session.session.relations[relation_id] = relation
            with _active(client):
                try:
                    function(client._create_remote_dataframe(relation_id), batch_id)
                finally:
                    session.session.relations.pop(relation_id, None)

        return call


def _client_of(service: ConnectService, session: ServerSession) -> ConnectSession:
    """A client in this process for the session of a client elsewhere."""
    builder = InProcessChannelBuilder(service, session.user_id, session.session_id)
    client = ConnectSession(connection=builder)
    client.client.disable_reattachable_execute()
    # The session is not this client's to end.
    client.release_session_on_close = False
    return client


@contextmanager
def _active(client: ConnectSession) -> Iterator[None]:
    """The session as the active one of this thread: functions that close over `spark` find it so."""
    before = getattr(ConnectSession._active_session, "session", None)
    ConnectSession._active_session.session = client
    try:
        yield
    finally:
        ConnectSession._active_session.session = before
