"""`kafka`: topics as streams, as batches, and as sinks. Needs confluent-kafka (`pip install potok[kafka]`).

Source of facts: KafkaSourceProvider.
"""

from __future__ import annotations

from potok.connectors.base import ReadContext, Rows, SinkContext, SourceContext
from potok.connectors.kafka_consumer import kafka_schema
from potok.connectors.kafka_options import KafkaReadOptions, check_stream
from potok.connectors.kafka_sink import KafkaSink, RecordWriter, check_schema, topic_of
from potok.connectors.kafka_source import KafkaBatchScan, KafkaSource
from potok.connectors.options import illegal_argument
from potok.connectors.provider import BaseProvider
from potok.errors import SparkError
from potok.plan.commands import WriteBatch, WriteStream
from potok.plan.expressions import next_expr_id
from potok.plan.logical import LogicalPlan, ScanRelation, StreamingRelation, schema_attributes
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import StructType


class KafkaProvider(BaseProvider):
    """Source and sink."""

    name = "kafka"

    def relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:  # noqa: ARG002 - Provider
        """See Provider."""
        options = KafkaReadOptions.for_batch(source.options)
        schema = kafka_schema(include_headers=options.include_headers)
        if source.schema_given is not None and source.schema_given != schema:
            raise SparkError(
                "USER_SPECIFIED_AND_ACTUAL_SCHEMA_MISMATCH",
                schema=_ddl(source.schema_given),
                actualSchema=_ddl(schema),
            )
        return ScanRelation(KafkaBatchScan(options, schema), schema_attributes(schema), "kafka")

    def streaming_relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:  # noqa: ARG002 - Provider
        """See Provider."""
        include_headers = check_stream(source.options)
        if source.schema_given is not None:
            raise illegal_argument(
                "requirement failed: Kafka source has a fixed schema and cannot be set with a custom one"
            )
        schema = kafka_schema(include_headers=include_headers)
        # Two uses of one frame are one source.
        key = source.plan_id if source.plan_id is not None else -next_expr_id()
        return StreamingRelation(
            key, self.name, source.options, source.paths, schema, schema_attributes(schema)
        )

    def source(self, relation: StreamingRelation, context: SourceContext) -> KafkaSource:
        """See Provider."""
        return KafkaSource(KafkaReadOptions.for_stream(relation.options), context)

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> KafkaSink:
        """See Provider."""
        return KafkaSink(write.options, schema, context.query_id)

    def write(self, write: WriteBatch, rows: Rows, context: ReadContext) -> None:  # noqa: ARG002 - Provider
        """See Provider."""
        if write.mode in {"overwrite", "ignore"}:
            raise SparkError(
                "_LEGACY_ERROR_TEMP_3081",
                mode=write.mode.capitalize(),
                append="Append",
                errorIfExists="ErrorIfExists",
            )
        check_schema(rows.schema, topic_of(write.options))
        writer = RecordWriter(write.options)
        try:
            writer.send(rows)
            writer.flush()
        finally:
            writer.close()


def _ddl(schema: StructType) -> str:
    return ",".join(f"{field.name} {field.data_type.sql}" for field in schema.fields)
