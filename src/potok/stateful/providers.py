"""Which state store provider a checkpoint names, so that whoever resumes it reads what is there.

Potok writes state in the form of Spark's HDFSBackedStateStoreProvider whatever a program asks for. For the variables of
transformWithState, which Spark has in RocksDB alone, it has a form of its own; the name in the checkpoint is then one
that Spark cannot load.
"""

from __future__ import annotations

from collections.abc import Mapping

from potok.checkpoint.offset_log import CONF_DEFAULTS, FOREIGN_PROVIDER, STATE_STORE_PROVIDER
from potok.errors import SparkError, unsupported
from potok.plan.logical import LogicalPlan, StatefulMap
from potok.stateful.planner import RULES

ROCKS_DB = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"


def is_transform(node: LogicalPlan) -> bool:
    """Whether a node is transformWithState over a stream."""
    return isinstance(node, StatefulMap) and node.is_streaming and "time_mode" in dict(node.settings)


def with_provider(conf: Mapping[str, str], plan: LogicalPlan, *, is_new: bool) -> dict[str, str]:
    """The conf of the offset log of a query.

    Raises UNSUPPORTED_FEATURE where a checkpoint has state that Spark has written to RocksDB, and
    UNSUPPORTED_FEATURE.STORE_BACKEND_NOT_SUPPORTED_FOR_TWS as Spark does.
    """
    provider = conf[STATE_STORE_PROVIDER]
    nodes = [node for node in plan.walk() if isinstance(node, LogicalPlan) and node.is_streaming]
    transforms = any(is_transform(node) for node in nodes)
    if provider == ROCKS_DB and any(isinstance(node, tuple(RULES)) for node in nodes):
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
