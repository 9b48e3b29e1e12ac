"""From `writeStream...start()` to a query that may run: defaults, checks, checkpoint, sink.

Source of fact: DataStreamWriter.startInternal and ResolveWriteToStream.
"""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from potok.checkpoint.exchange import check_not_between
from potok.checkpoint.file_sink_log import FileSinkLog
from potok.checkpoint.files import FileSystem
from potok.checkpoint.layout import OFFSETS, CheckpointLayout, path_from_uri, sink_log_path
from potok.checkpoint.metadata import StreamMetadata, create_metadata, read_metadata
from potok.checkpoint.offset_log import OffsetLog
from potok.checkpoint.repair import repair
from potok.connectors.base import Sink, SinkContext
from potok.connectors.foreach_batch import ForeachBatchSink
from potok.connectors.memory import MemorySink
from potok.errors import SparkError, unsupported
from potok.plan.commands import WriteStream
from potok.plan.expressions import Call
from potok.plan.logical import Filter, LogicalPlan, Project, StreamingRelation, SubqueryAlias
from potok.plan.tree import Node
from potok.streaming.execution import QueryDefinition
from potok.streaming.lock import Lock
from potok.streaming.services import Environment, SessionServices
from potok.streaming.triggers import Continuous, Once, TriggerRule, trigger_rule

_LOGGER = logging.getLogger("potok.ResolveWriteToStream")
_REPAIR_LOGGER = logging.getLogger("potok.CheckpointRepair")
CHECKPOINT_OPTION = "checkpointLocation"
CHECKPOINT_CONF = "spark.sql.streaming.checkpointLocation"
FORCE_DELETE_CONF = "spark.sql.streaming.forceDeleteTempCheckpointLocation"
DURABLE_CONF = "spark.potok.checkpoint.durable"
# spark.redaction.regex and spark.sql.redaction.options.regex, as they are unless told.
_SECRET = re.compile(r"(?i)secret|password|token|access[.]?key|url")
_REDACTED = "*********(redacted)"
OUTPUT_MODES = ("append", "update", "complete")
# These sinks need no checkpoint of the user's; the others hold what only a checkpoint makes whole.
_TEMPORARY_CHECKPOINT = {"console", "memory", "noop", "foreach", "foreachbatch"}
_CONTINUOUS_SOURCES = {"rate", "kafka"}
_CURRENT_TIME = {"current_timestamp", "current_date", "now", "localtimestamp"}


@dataclass(frozen=True)
class CheckpointChoice:
    """Where the checkpoint is (absolute), and whether it goes with the query."""

    root: str
    is_temporary: bool


def sink_format(write: WriteStream, services: SessionServices) -> str:
    """The name of the sink, in lower case; the default format where the user named none."""
    if write.foreach_batch is not None:
        return "foreachbatch"
    if write.foreach_writer is not None:
        return "foreach"
    return (write.format or services.conf("spark.sql.sources.default") or "parquet").lower()


def output_mode_of(write: WriteStream) -> str:
    """append, update or complete. Raises STREAMING_OUTPUT_MODE.INVALID."""
    mode = (write.output_mode or "append").lower()
    if mode not in OUTPUT_MODES:
        raise SparkError("STREAMING_OUTPUT_MODE.INVALID", outputMode=write.output_mode)
    return mode


def checked_path(write: WriteStream) -> WriteStream:
    """The same write with its path in one place. Raises where it is given twice."""
    option = write.options.get("path")
    if option is not None and write.path is not None:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_1188", method="start", config="spark.sql.legacy.pathOptionBehavior.enabled"
        )
    return write if write.path is not None else replace(write, path=option)


def choose_checkpoint(
    write: WriteStream, sink_name: str, services: SessionServices, new_uuid: Callable[[], str]
) -> CheckpointChoice:
    """Option, else configuration, else a temporary one for the sinks that may have it, else Spark's error."""
    location = write.options.get(CHECKPOINT_OPTION)
    if location:
        return CheckpointChoice(_absolute(location, services), is_temporary=False)
    configured = services.conf(CHECKPOINT_CONF)
    if configured:
        name = write.query_name or new_uuid()
        return CheckpointChoice(posixpath.join(_absolute(configured, services), name), is_temporary=False)
    if sink_name not in _TEMPORARY_CHECKPOINT:
        raise SparkError("_LEGACY_ERROR_TEMP_1298", config=CHECKPOINT_CONF)
    root = posixpath.join(services.temporary_directory(), f"temporary-{new_uuid()}")
    _LOGGER.warning(
        "Temporary checkpoint location created which is deleted normally when the query didn't fail: %s. If"
        " it's required to delete it under any circumstances, please set %s to true. Important to know"
        " deleting temp checkpoint folder is best effort.",
        root,
        FORCE_DELETE_CONF,
    )
    return CheckpointChoice(root, is_temporary=True)


def refuse_recovery(choice: CheckpointChoice, sink_name: str, output_mode: str, fs: FileSystem) -> None:
    """A memory sink loses its rows with the process: only complete mode can go on from a checkpoint."""
    if sink_name == "memory" and output_mode != "complete":
        offsets = f"{choice.root}/{OFFSETS}"
        if fs.exists(offsets):
            raise SparkError("_LEGACY_ERROR_TEMP_1299", checkpointPath=offsets)


def warn_adaptive(services: SessionServices) -> None:
    """Spark's warning about adaptive execution, which every streaming query gets."""
    if (services.conf("spark.sql.adaptive.enabled") or "true").lower() == "true":
        _LOGGER.warning(
            "spark.sql.adaptive.enabled is not supported in streaming DataFrames/Datasets and will be disabled."
        )


def known_query_id(root: str, fs: FileSystem) -> str | None:
    """The id in a checkpoint; None for a new one, and for a torn file, which `open_checkpoint` judges.

    Raises FileAlreadyExistsException where something else is in its place.
    """
    try:
        metadata = read_metadata(CheckpointLayout(root).metadata, fs)
    except NotADirectoryError as error:
        message = f"Destination exists and is not a directory: {root}"
        raise SparkError("_LEGACY_ERROR_TEMP_JAVA.FILE_ALREADY_EXISTS", message=message) from error
    except SparkError:
        return None
    return metadata.id if metadata is not None else None


def open_checkpoint(
    choice: CheckpointChoice, environment: Environment, output: str | None, *, durable: bool
) -> tuple[Lock, str]:
    """Make, lock, repair: the lock of the run and the id of the query. Raises SparkError.

    `output` is the directory of a file sink; its log is repaired together with the checkpoint.
    """
    fs = environment.file_system
    layout = CheckpointLayout(choice.root)
    check_not_between(choice.root, fs)
    fs.make_directories(layout.root, durable=durable)
    newest = OffsetLog(layout.offsets, fs).latest_batch_id()
    lock = environment.lock_checkpoint(layout.root, 0 if newest is None else newest + 1)
    try:
        log_path = None if output is None else sink_log_path(output)
        sink_log = FileSinkLog(log_path, fs) if log_path is not None and fs.exists(log_path) else None
        for note in repair(layout, fs, now_ms=environment.clock.now_ms(), sink_log=sink_log):
            _REPAIR_LOGGER.warning("%s", note)
        metadata = read_metadata(layout.metadata, fs)
        if metadata is None:
            new = StreamMetadata(environment.new_uuid())
            metadata = create_metadata(layout.metadata, fs, new, durable=durable)
    except BaseException:
        lock.release()
        raise
    return lock, metadata.id


def check_trigger(rule: TriggerRule, plan: LogicalPlan, sink_name: str, services: SessionServices) -> None:
    """Refuse continuous processing: with Spark's own error where Spark has one.

    Source of fact: UnsupportedOperationChecker.checkForContinuous.
    """
    if not isinstance(rule, Continuous):
        return

    def tree(node: Node) -> str:
        return f"\n{services.plan_text(node)}\n" if isinstance(node, LogicalPlan) else ""

    for node in reversed(list(plan.walk())):
        if isinstance(node, StreamingRelation) and node.format.lower() not in _CONTINUOUS_SOURCES:
            if node.format.lower() in {"socket", "rate-micro-batch"}:
                raise SparkError("_LEGACY_ERROR_TEMP_2253", sourceName=node.format)
            raise _continuous(
                f"Continuous processing does not support StreamingRelation operations.;\n{_source(node)}"
            )
        operation = _not_continuous(node)
        if operation is not None:
            raise _continuous(f"Continuous processing does not support {operation} operations.;{tree(node)}")
    raise unsupported(
        f"continuous processing (to the sink {sink_name})",
        "Use trigger(processingTime='0 seconds'): a micro-batch takes milliseconds here.",
    )


def make_sink(
    write: WriteStream,
    sink_name: str,
    plan: LogicalPlan,
    context: SinkContext,
    services: SessionServices,
) -> Sink:
    """The sink of a query. Raises what its options and its columns deserve."""
    if sink_name == "foreachbatch":
        return ForeachBatchSink(services.foreach_batch(write))
    sink = services.provider(sink_name).sink(write, plan.schema, context)
    if isinstance(sink, MemorySink):
        # Spark's rule for temporary views.
        if "." in (context.query_name or ""):
            raise SparkError("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", actualName=context.query_name)
        services.create_memory_view(context.query_name or "", sink.table)
    return sink


def _shown(name: str, value: str) -> str:
    """An option's value, unless its name or its text speaks of a secret (SQLConf.redactOptions)."""
    return _REDACTED if _SECRET.search(name) or _SECRET.search(value) else value


def sink_text(sink_name: str, sink: Sink, query_id: str, write: WriteStream, output_mode: str) -> str:
    """The first line of the plan in messages."""
    names = {"console": "console", "noop": "noop-table"}
    if sink_name in names:
        return f"WriteToMicroBatchDataSource {names[sink_name]}"
    spelled = {"path": write.path} if write.path is not None else {}
    spelled.update(write.options.spelled())
    options = ", ".join(f"{name}={_shown(name, value)}" for name, value in sorted(spelled.items()))
    shown = f", [{options}]" if options else ""
    return f"~WriteToMicroBatchDataSourceV1 {sink.description}, {query_id}{shown}, {output_mode.capitalize()}"


def define_query(
    write: WriteStream,
    services: SessionServices,
    environment: Environment,
    *,
    release_active: Callable[[str], None],
    run_id: str,
) -> tuple[QueryDefinition, str]:
    """All checks in Spark's order; the definition and the query's id.

    `release_active` is called with the id of a checkpoint that exists: it stops, or refuses to stop, a
    query of this process that runs from it. Raises SparkError.
    """
    if not write.plan.is_streaming:
        raise SparkError("WRITE_STREAM_NOT_ALLOWED")
    output_mode = output_mode_of(write)
    rule = trigger_rule(write.trigger)
    write = services.table_location(write, write.plan.schema) if write.table else checked_path(write)
    sink_name = sink_format(write, services)
    if sink_name == "memory" and not write.query_name:
        raise SparkError("_LEGACY_ERROR_TEMP_1194")
    if sink_name != "foreachbatch":
        services.provider(sink_name).check_output_mode(output_mode)
    fs = environment.file_system
    try:
        choice = choose_checkpoint(write, sink_name, services, environment.new_uuid)
    except SparkError:
        # Spark looks at the sink's options before it looks for a checkpoint.
        probe = SinkContext(services.conf, services.working_directory(), query_id=environment.new_uuid())
        make_sink(write, sink_name, write.plan, probe, services).stop()
        raise
    refuse_recovery(choice, sink_name, output_mode, fs)
    warn_adaptive(services)
    services.check_streaming(write.plan, output_mode)
    check_trigger(rule, write.plan, sink_name, services)
    known = known_query_id(choice.root, fs)
    if known is not None:
        release_active(known)
    durable = (services.conf(DURABLE_CONF) or "true").lower() != "false"
    output = None
    if write.path is not None and sink_name not in _TEMPORARY_CHECKPOINT:
        output = _absolute(write.path, services)
    lock, query_id = open_checkpoint(choice, environment, output, durable=durable and not choice.is_temporary)
    try:
        context = SinkContext(
            conf=services.conf,
            working_directory=services.working_directory(),
            checkpoint_root=choice.root,
            file_system=fs,
            durable=durable,
            now_ms=environment.clock.now_ms,
            query_id=query_id,
            run_id=run_id,
            query_name=write.query_name,
        )
        sink = make_sink(write, sink_name, write.plan, context, services)
    except BaseException:
        lock.release()
        raise
    definition = QueryDefinition(
        plan=write.plan,
        sink=sink,
        sink_text=sink_text(sink_name, sink, query_id, write, output_mode),
        output_mode=output_mode,
        trigger=rule,
        checkpoint_root=choice.root,
        checkpoint_is_temporary=choice.is_temporary,
        delete_checkpoint_after_failure=_is_true(services.conf(FORCE_DELETE_CONF)),
        lock=lock,
        durable=durable and not choice.is_temporary,
        batches_to_retain=int(services.conf("spark.sql.streaming.minBatchesToRetain") or 100),
        no_data_batches=not isinstance(rule, Once)
        and _is_true(services.conf("spark.sql.streaming.noDataMicroBatches.enabled") or "true"),
    )
    return definition, query_id


def _is_true(text: str | None) -> bool:
    return (text or "false").lower() == "true"


def _absolute(location: str, services: SessionServices) -> str:
    path = path_from_uri(location) if location.startswith("file:") else location
    if "://" in path:
        path = path_from_uri(path)
    return posixpath.normpath(posixpath.join(services.working_directory(), path))


def _continuous(message: str) -> SparkError:
    return SparkError("_LEGACY_ERROR_TEMP_3102", msg=message)


def _source(relation: StreamingRelation) -> str:
    path = relation.paths[0] if relation.paths else relation.options.get("path", "")
    return f"FileSource[{path}]"


def _not_continuous(node: Node) -> str | None:
    """What Spark calls an operation that continuous processing has not; None where it has it."""
    if isinstance(node, Call):
        return "current time" if node.name in _CURRENT_TIME else None
    if not isinstance(node, LogicalPlan) or isinstance(
        node, (StreamingRelation, Project, Filter, SubqueryAlias)
    ):
        return None
    names = {"Limit": "LocalLimit", "SetOperation": "Union"}
    return names.get(type(node).__name__, type(node).__name__)
