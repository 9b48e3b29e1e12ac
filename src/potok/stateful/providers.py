"""In which form a checkpoint says that its state is, so that whoever resumes it reads what is there.

Potok writes state in the form of Spark's HDFSBackedStateStoreProvider, compressed with LZ4 and without checksums of rows,
whatever a program asks for. For the variables of transformWithState, which Spark has in RocksDB alone, it has a form of
its own; the name in the checkpoint is then one that Spark cannot load.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from potok.analysis.check import refused
from potok.checkpoint.offset_log import CONF_DEFAULTS, FOREIGN_PROVIDER, STATE_STORE_PROVIDER
from potok.errors import SparkError, unsupported
from potok.plan.logical import Aggregate, Deduplicate, Join, LogicalPlan, StatefulMap
from potok.stateful.planner import RULES

_LOGGER = logging.getLogger("potok.StateStore")
ROCKS_DB = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
ENCODING_KEY = "spark.sql.streaming.stateStore.encodingFormat"
# Spark leaves the choice to the session that begins; here there is none.
_FORMS = {
    "spark.sql.streaming.stateStore.compression.codec": "lz4",
    "spark.sql.streaming.stateStore.rowChecksum.enabled": "false",
    ENCODING_KEY: "unsaferow",
}
# Layouts of rows that old versions of Spark wrote, by the node that writes them.
_LAYOUTS: Mapping[str, tuple[type[LogicalPlan], str, str]] = {
    "spark.sql.streaming.aggregation.stateFormatVersion": (Aggregate, "2", "aggregations"),
    "spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion": (
        StatefulMap,
        "2",
        "applyInPandasWithState",
    ),
}


def is_transform(node: LogicalPlan) -> bool:
    """Whether a node is transformWithState over a stream."""
    return isinstance(node, StatefulMap) and node.is_streaming and "time_mode" in dict(node.settings)


def with_provider(conf: Mapping[str, str], plan: LogicalPlan, *, is_new: bool) -> dict[str, str]:
    """The conf of the offset log of a query.

    Raises UNSUPPORTED_FEATURE where a checkpoint has state in a form that is not read here, and
    UNSUPPORTED_FEATURE.STORE_BACKEND_NOT_SUPPORTED_FOR_TWS as Spark does.
    """
    nodes = [node for node in plan.walk() if isinstance(node, LogicalPlan) and node.is_streaming]
    keeps_state = any(isinstance(node, tuple(RULES)) for node in nodes)
    conf = _with_forms(conf, nodes, is_new=is_new) if keeps_state else conf
    provider = conf[STATE_STORE_PROVIDER]
    transforms = any(is_transform(node) for node in nodes)
    if provider == ROCKS_DB and keeps_state:
        if not is_new:
            raise unsupported(
                "state that Spark has written to RocksDB",
                "Let Spark go on with this checkpoint, or start with a new checkpoint directory.",
            )
        written = FOREIGN_PROVIDER if transforms else CONF_DEFAULTS[STATE_STORE_PROVIDER]
        return {**conf, STATE_STORE_PROVIDER: written}
    if transforms and provider != FOREIGN_PROVIDER:
        raise SparkError(
            "UNSUPPORTED_FEATURE.STORE_BACKEND_NOT_SUPPORTED_FOR_TWS", stateStoreProvider=provider
        )
    return dict(conf)


def _with_forms(conf: Mapping[str, str], nodes: list[LogicalPlan], *, is_new: bool) -> dict[str, str]:
    for key, (kind, version, what) in _LAYOUTS.items():
        keeps = any(isinstance(node, kind) and not is_transform(node) for node in nodes)
        if keeps and conf[key] != version:
            raise unsupported(
                f"version {conf[key]} of the state of {what}",
                f"Begin with {key} = {version}, or let Spark go on with this checkpoint.",
            )
    written = dict(conf)
    for key, form in _FORMS.items():
        if conf[key].lower() == form:
            continue
        if not is_new:
            raise unsupported(
                f"state with {key} = {conf[key]}",
                "Let Spark go on with this checkpoint, or start with a new checkpoint directory.",
            )
        written[key] = form
        _LOGGER.warning(
            "State is written with %s = %s, and not %s; its results are the same.", key, form, conf[key]
        )
    return written


def check_encoding(plan: LogicalPlan, encoding: str | None) -> None:
    """Raises Spark's error for an operator whose state Spark does not keep as Avro.

    Source of fact: UnsupportedOperationChecker.checkSupportedStoreEncodingFormats.
    """
    if (encoding or "").lower() != "avro":
        return
    for node in plan.walk():
        name = _without_avro(node) if isinstance(node, LogicalPlan) and node.is_streaming else None
        if name is not None:
            raise refused(
                f"State store encoding format as avro is not supported for operator={name} used within the query"
            )


def _without_avro(node: LogicalPlan) -> str | None:
    match node:
        case Aggregate():
            return "aggregation"
        case Join(left=left, right=right) if left.is_streaming and right.is_streaming:
            return "join"
        case StatefulMap() if not is_transform(node):
            return "applyInPandasWithState"
        case Deduplicate(within_watermark=within):
            return "dropDuplicatesWithinWatermark" if within else "dropDuplicates"
    return None
