from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from potok.engine.engine import Engine
from potok.engine.kernel import Kernel
from potok.engine.pipeline import Input, Observation, OperatorStage, Pipeline, SqlStage
from potok.errors import Origin, SparkError
from potok.functions.raising import quote_text, raise_sql
from potok.types import INTEGER, LONG, STRING, StructField, StructType

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NUMBERS = StructType((StructField("c1", LONG),))


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(threads=2)
    yield engine
    engine.close()


def numbers(*values: int | None) -> pa.Table:
    return pa.table({"c1": pa.array(values, pa.int64())})


def pipeline(sql: str, schema: StructType = NUMBERS, source: object = 1, **extra: object) -> Pipeline:
    item = Input("rows", ("n",), NUMBERS, source)
    return Pipeline((item,), (SqlStage("last", sql, ("rows",), schema, **extra),), schema)  # type: ignore[arg-type]


def test_a_prepared_pipeline_sees_each_batch(engine: Engine) -> None:
    with engine.prepare(pipeline('SELECT c1 * 2 AS c2 FROM "rows"')) as runner:
        for values in ((1, 2), (), (None, 5)):
            table = runner.run({1: numbers(*values)}, NOW, repeated=True).to_table()
            assert table.column(0).to_pylist() == [None if v is None else v * 2 for v in values]


def test_the_time_of_the_batch_is_a_parameter(engine: Engine) -> None:
    made = pipeline('SELECT epoch_us($now) AS c2 FROM "rows"', uses_now=True)
    with engine.prepare(made) as runner:
        for repeated in (False, True):
            rows = runner.run({1: numbers(1)}, NOW, repeated=repeated)
            assert rows.to_table().column(0).to_pylist() == [int(NOW.timestamp() * 1_000_000)]


def test_large_inputs_run_on_the_other_database_with_the_same_result(engine: Engine) -> None:
    large = numbers(*range(600_000))
    with engine.prepare(pipeline('SELECT sum(c1)::BIGINT AS c2 FROM "rows"')) as runner:
        assert runner.run({1: large}, NOW, repeated=True).to_table().column(0).to_pylist() == [
            sum(range(600_000))
        ]
        assert runner.run({1: numbers(3)}, NOW, repeated=True).to_table().column(0).to_pylist() == [3]


def test_a_reader_is_read_piece_by_piece_and_its_rows_are_counted(engine: Engine) -> None:
    read = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(4):
            read.append(number)
            yield pa.record_batch({"c1": pa.array([number] * 10, pa.int64())})

    reader = pa.RecordBatchReader.from_batches(pa.schema([("c1", pa.int64())]), batches())
    rows = engine.prepare(pipeline('SELECT c1 FROM "rows" WHERE c1 > 1')).run({1: reader}, NOW)
    assert sum(b.num_rows for b in rows.to_reader()) == 20
    assert rows.input_rows() == {"rows": 40}
    assert read == [0, 1, 2, 3]


def test_a_planted_error_comes_back_with_condition_parameters_and_origin(engine: Engine) -> None:
    origin = Origin(fragment="cast", call_site="program.py:7")
    error = raise_sql(
        "CAST_INVALID_INPUT",
        origin,
        expression="concat('''', c1, '''')",
        sourceType=quote_text('"STRING"'),
        targetType=quote_text('"INT"'),
    )
    made = pipeline(f'SELECT CASE WHEN c1 > 1 THEN {error} ELSE c1 END AS c2 FROM "rows"')
    with engine.prepare(made) as runner:
        assert runner.run({1: numbers(1)}, NOW, repeated=True).to_table().num_rows == 1
        with pytest.raises(SparkError) as caught:
            runner.run({1: numbers(1, 2)}, NOW, repeated=True).to_table()
    assert caught.value.condition == "CAST_INVALID_INPUT"
    assert caught.value.parameters["expression"] == "'2'"
    assert caught.value.origin == origin
    assert str(caught.value).endswith(
        'SQLSTATE: 22018\n== DataFrame ==\n"cast" was called from\nprogram.py:7\n'
    )


def test_a_kernel_computes_and_its_errors_are_sparks(engine: Engine) -> None:
    def double(column: pa.Array) -> pa.Array:
        if 13 in column.to_pylist():
            raise SparkError("PATH_NOT_FOUND", path="x")
        return pa.array([None if v is None else v * 2 for v in column.to_pylist()], pa.int32())

    kernel = Kernel("potok_test_double", (INTEGER,), INTEGER, double)
    schema = StructType((StructField("c2", INTEGER),))
    made = pipeline('SELECT potok_test_double(c1::INTEGER) AS c2 FROM "rows"', schema, kernels=(kernel,))
    with engine.prepare(made) as runner:
        assert runner.run({1: numbers(4, None)}, NOW).to_table().column(0).to_pylist() == [8, None]
        with pytest.raises(SparkError, match="PATH_NOT_FOUND"):
            runner.run({1: numbers(13)}, NOW).to_table()


class Doubled:
    def run(self, tables: list[pa.Table]) -> pa.Table:
        return pa.concat_tables([tables[0], tables[0]])


def test_a_python_step_lies_between_statements_and_observations_are_kept(engine: Engine) -> None:
    item = Input("rows", ("n",), NUMBERS, numbers(1, 2))
    stages = (
        SqlStage(
            "first", 'SELECT c1 + 1 AS c2 FROM "rows"', ("rows",), StructType((StructField("c2", LONG),))
        ),
        OperatorStage("twice", Doubled(), ("first",), NUMBERS),  # type: ignore[arg-type]
        SqlStage(
            "seen",
            'SELECT count(*) AS c3 FROM "twice"',
            ("twice",),
            StructType((StructField("rows", LONG),)),
        ),
        SqlStage("last", 'SELECT c1 FROM "twice" ORDER BY c1', ("twice",), NUMBERS),
    )
    observation = Observation("metrics", "seen", StructType((StructField("rows", LONG),)))
    made = Pipeline((item,), stages, NUMBERS, (observation,))
    rows = engine.run(made, NOW)
    assert rows.observed == {"metrics": {"rows": 4}}
    assert rows.to_table().column(0).to_pylist() == [2, 2, 3, 3]


def test_columns_of_a_result_may_share_a_name(engine: Engine) -> None:
    schema = StructType((StructField("a", LONG), StructField("a", STRING)))
    rows = engine.prepare(pipeline('SELECT c1, c1::VARCHAR FROM "rows"', schema)).run({1: numbers(1)}, NOW)
    table = rows.to_table()
    assert table.column_names == ["a", "a"]
    assert table.column(1).to_pylist() == ["1"]


def test_sql_cannot_touch_files(engine: Engine) -> None:
    with pytest.raises(SparkError, match="INTERNAL_ERROR"):
        engine.prepare(pipeline("SELECT * FROM read_csv('/etc/passwd')")).run({1: numbers(1)}, NOW).to_table()


def test_a_closed_engine_says_so(engine: Engine) -> None:
    engine.close()
    with pytest.raises(SparkError, match="session is stopped"):
        engine.run(pipeline('SELECT c1 FROM "rows"', source=numbers(1)), NOW)
