"""Arrow to Python values and back, as Spark's Python workers convert them.

The conversions themselves are pyspark's, so that a function sees the values it sees on a cluster.
"""

from __future__ import annotations

import datetime as dt
import decimal
import inspect
import itertools
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyspark

from potok.errors import SparkError
from potok.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    FractionalType,
    IntegralType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    arrow_type,
)  # fmt: skip

_OWN_CODE = (str(Path(__file__).parents[1]), str(Path(str(pyspark.__file__)).parent))


@lru_cache(maxsize=256)
def client_type(data_type: DataType) -> Any:  # noqa: ANN401 - pyspark's class
    """The type as pyspark's class."""
    from pyspark.sql.types import StructType as ClientStruct

    wrapped = StructType((StructField("value", data_type),))
    return ClientStruct.fromJson(wrapped.json_value).fields[0].dataType


@lru_cache(maxsize=256)
def client_arrow_type(data_type: DataType) -> pa.DataType:
    """The Arrow type under which pyspark hands such values to functions."""
    from pyspark.sql.pandas.types import to_arrow_type

    if "timezone" in inspect.signature(to_arrow_type).parameters:
        return to_arrow_type(client_type(data_type), timezone="UTC")
    # The client of 4.1: UTC unless told otherwise.
    return to_arrow_type(client_type(data_type))


def to_client(column: pa.ChunkedArray | pa.Array, data_type: DataType) -> pa.ChunkedArray | pa.Array:
    """A column in pyspark's Arrow type."""
    target = client_arrow_type(data_type)
    if pa.types.is_null(target):
        return pa.nulls(len(column))
    return column if column.type.equals(target) else column.cast(target)


def from_client(column: pa.ChunkedArray | pa.Array, data_type: DataType) -> pa.ChunkedArray | pa.Array:
    """A column of pyspark's Arrow type in ours."""
    target = arrow_type(data_type)
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), target)
    return column if column.type.equals(target) else column.cast(target)


def to_python(column: pa.ChunkedArray, data_type: DataType) -> list[Any]:
    """One Python object per row: Row for structs, naive datetimes in local time for timestamps."""
    from pyspark.sql.conversion import ArrowTableToRowsConversion

    convert = ArrowTableToRowsConversion._create_converter(  # noqa: SLF001 - the conversion workers use
        client_type(data_type), none_on_identity=True
    )
    values = to_client(column, data_type).to_pylist()
    return values if convert is None else [convert(v) for v in values]


def from_python(values: Sequence[Any], data_type: DataType) -> pa.Array:
    """Results of a function as a column; a value that does not fit raises as in Spark."""
    from pyspark.sql.conversion import LocalDataToArrowConversion

    convert = LocalDataToArrowConversion._create_converter(  # noqa: SLF001 - the conversion workers use
        client_type(data_type), none_on_identity=True
    )
    converted = list(values) if convert is None else [convert(v) for v in values]
    target = client_arrow_type(data_type)
    try:
        array = pa.array(converted, type=target)
    except pa.lib.ArrowInvalid:
        array = pa.array(converted).cast(target, safe=True)
    return from_client(array, data_type)


def from_pickled(values: Sequence[Any], data_type: DataType) -> pa.Array:
    """Results of a function without Arrow: a value of another type becomes NULL, text becomes text."""
    return from_python([_pickled(v, data_type) for v in values], data_type)


def _pickled(value: Any, data_type: DataType) -> Any:  # noqa: ANN401 - the user's value
    if value is None:
        return None
    match data_type:
        case StringType():
            return value if isinstance(value, str) else _java_text(value)
        case BooleanType():
            return value if isinstance(value, bool) else None
        case IntegralType():
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        case DecimalType():
            return value if isinstance(value, decimal.Decimal) else None
        case FractionalType():
            return value if isinstance(value, float) else None
        case DateType():
            return value if isinstance(value, dt.date) else None
        case TimestampType() | TimestampNTZType():
            return value if isinstance(value, dt.datetime) else None
        case ArrayType(element=element):
            return [_pickled(v, element) for v in value] if isinstance(value, list | tuple) else None
        case MapType(key=key, value=item):
            if not isinstance(value, dict):
                return None
            return {_pickled(k, key): _pickled(v, item) for k, v in value.items()}
    return value


def _java_text(value: Any) -> str:  # noqa: ANN401 - the user's value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def to_series(column: pa.ChunkedArray | pa.Array, data_type: DataType, time_zone: str) -> Any:  # noqa: ANN401 - pandas
    """A pandas Series as a pandas function gets it; structs become data frames' worth of Rows."""
    from pyspark.sql.pandas.types import _create_converter_to_pandas

    convert = _create_converter_to_pandas(
        client_type(data_type),
        nullable=True,
        timezone=time_zone,
        struct_in_pandas="dict",
        error_on_duplicated_field_names=True,
        ndarray_as_list=False,
    )
    series = to_client(column, data_type).to_pandas(date_as_object=True, coerce_temporal_nanoseconds=True)
    return convert(series)


def to_pandas(table: pa.Table, schema: StructType, time_zone: str) -> Any:  # noqa: ANN401 - pandas
    """A data frame with the schema's names."""
    import pandas as pd

    if not schema.fields:
        return pd.DataFrame(index=range(table.num_rows))
    series = [
        to_series(column, f.data_type, time_zone).rename(f.name)
        for column, f in zip(table.columns, schema.fields, strict=True)
    ]
    return pd.concat(series, axis="columns")


def from_series(series: Any, data_type: DataType, time_zone: str) -> pa.Array:  # noqa: ANN401 - pandas
    """A pandas result as a column. A data frame stands for a struct."""
    import pandas as pd
    from pyspark.sql.pandas.types import _create_converter_from_pandas

    if isinstance(data_type, StructType) and isinstance(series, pd.DataFrame):
        frame = series
        columns = [
            from_series(_field(frame, f.name, i), f.data_type, time_zone)
            for i, f in enumerate(data_type.fields)
        ]
        return pa.StructArray.from_arrays(columns, names=[f.name for f in data_type.fields])
    convert = _create_converter_from_pandas(client_type(data_type), timezone=time_zone)
    converted = convert(series)
    target = client_arrow_type(data_type)
    mask = _missing(converted)
    try:
        array = pa.Array.from_pandas(converted, mask=mask, type=target, safe=True)
    except (pa.lib.ArrowInvalid, pa.lib.ArrowTypeError):
        array = pa.Array.from_pandas(converted, mask=mask).cast(target, safe=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return from_client(array, data_type)


def _missing(series: Any) -> Any:  # noqa: ANN401 - pandas
    """Where there is nothing; None for arrays that tell Arrow so themselves, which takes no second word."""
    return None if hasattr(series.array, "__arrow_array__") else series.isna()


def strict_series(series: Any, data_type: DataType, time_zone: str) -> pa.Array:  # noqa: ANN401 - pandas
    """A pandas result in pyspark's Arrow type, cast where its kind of values fits. Raises Arrow's errors."""
    from pyspark.sql.pandas.types import _create_converter_from_pandas

    converted = _create_converter_from_pandas(client_type(data_type), timezone=time_zone)(series)
    target = client_arrow_type(data_type)
    mask = _missing(converted)
    try:
        array = pa.Array.from_pandas(converted, mask=mask, type=target, safe=True)
    except pa.lib.ArrowInvalid:
        array = pa.Array.from_pandas(converted, mask=mask).cast(target, safe=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def from_pandas(frame: Any, schema: StructType, time_zone: str) -> pa.Table:  # noqa: ANN401 - pandas
    """A data frame as a table; columns by name where they are named, else by position."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise _client_error("UDF_RETURN_TYPE", expected="pandas.DataFrame", actual=type(frame).__name__)
    names = list(schema.names)
    if frame.empty and not len(frame.columns):
        return pa.schema([pa.field(f.name, arrow_type(f.data_type)) for f in schema.fields]).empty_table()
    by_name = any(isinstance(c, str) for c in frame.columns)
    if by_name and set(frame.columns) != set(names):
        raise _client_error("RESULT_COLUMN_NAMES_MISMATCH", **_name_mismatch(frame.columns, names))
    if not by_name and len(frame.columns) != len(names):
        raise _client_error(
            "RESULT_COLUMN_SCHEMA_MISMATCH", expected=str(len(names)), actual=str(len(frame.columns))
        )
    columns = [
        from_series(_field(frame, f.name, i), f.data_type, time_zone) for i, f in enumerate(schema.fields)
    ]
    return pa.Table.from_arrays(columns, names=names)


def from_arrow(result: pa.Table | pa.RecordBatch, schema: StructType) -> pa.Table:
    """What an Arrow function returned, columns by name. The types must be the declared ones."""
    table = pa.Table.from_batches([result]) if isinstance(result, pa.RecordBatch) else result
    if not table.num_columns and not table.num_rows:
        return pa.schema([pa.field(f.name, arrow_type(f.data_type)) for f in schema.fields]).empty_table()
    names = list(schema.names)
    if set(table.column_names) != set(names):
        raise _client_error("RESULT_COLUMN_NAMES_MISMATCH", **_name_mismatch(table.column_names, names))
    expected = {f.name: client_arrow_type(f.data_type) for f in schema.fields}
    wrong = [n for n in sorted(names) if table.column(n).type != expected[n]]
    if wrong:
        mismatch = ", ".join(
            f"column '{n}' (expected {expected[n]}, actual {table.column(n).type})" for n in wrong
        )
        raise _client_error("RESULT_COLUMN_TYPES_MISMATCH", mismatch=mismatch)
    columns = [from_client(table.column(f.name), f.data_type) for f in schema.fields]
    return pa.Table.from_arrays(columns, names=names)


def _field(frame: Any, name: str, position: int) -> Any:  # noqa: ANN401 - pandas
    return frame[name] if any(isinstance(c, str) for c in frame.columns) else frame.iloc[:, position]


def _name_mismatch(actual: Iterable[str], expected: Sequence[str]) -> dict[str, str]:
    missing = sorted(set(expected) - set(actual))
    extra = sorted(set(actual) - set(expected))
    return {
        "missing": f" Missing: {', '.join(missing)}." if missing else "",
        "extra": f" Unexpected: {', '.join(extra)}." if extra else "",
    }


def _client_error(condition: str, **parameters: str) -> Exception:
    from pyspark.errors import PySparkRuntimeError, PySparkTypeError

    kind = PySparkTypeError if condition == "UDF_RETURN_TYPE" else PySparkRuntimeError
    error: Exception = kind(errorClass=condition, messageParameters=parameters)
    return error


def check_length(expected: int, actual: int) -> None:
    """Raise as a worker does when a function returned another number of rows than it got."""
    if expected != actual:
        raise _client_error(
            "SCHEMA_MISMATCH_FOR_PANDAS_UDF",
            udf_type="pandas_udf",
            expected=str(expected),
            actual=str(actual),
        )


@contextmanager
def user_code() -> Iterator[None]:
    """What the user's code raises becomes PYTHON_EXCEPTION with a traceback of the user's frames only."""
    try:
        yield
    except SparkError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        kept = list(itertools.dropwhile(lambda f: f.filename.startswith(_OWN_CODE), frames)) or frames
        lines = ["Traceback (most recent call last):\n", *traceback.format_list(kept)]
        lines += traceback.format_exception_only(error)
        raise SparkError(
            "PYTHON_EXCEPTION", msg="An exception was thrown from the Python worker", traceback="".join(lines)
        ) from error


def load(payload: bytes) -> Callable[..., Any]:
    """The function inside a client's payload (pickled by value, with or without its return type)."""
    from pyspark.serializers import CloudPickleSerializer

    loaded = CloudPickleSerializer().loads(payload)
    function: Callable[..., Any] = loaded[0] if isinstance(loaded, tuple) else loaded
    return function
