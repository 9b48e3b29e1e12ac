"""Arrow arrays in another shape: between stages intervals are numbers, on the wire they are not."""

from __future__ import annotations

import pyarrow as pa


def convert(array: pa.Array | pa.ChunkedArray, target: pa.DataType) -> pa.Array | pa.ChunkedArray:
    """The same values as `target`, at every depth.

    Struct fields go by position (names may repeat); INT64 microseconds and DURATION, INT32 of nulls
    and NULL, zones of timestamps, and small and large offsets turn into one another.
    """
    if array.type == target:
        return array
    if isinstance(array, pa.ChunkedArray):
        return pa.chunked_array([convert(chunk, target) for chunk in array.chunks], type=target)
    if pa.types.is_null(target) or pa.types.is_null(array.type):
        return pa.nulls(len(array), target)
    if not pa.types.is_nested(target):
        return _convert_leaf(array, target)
    if pa.types.is_struct(target):
        mask = array.is_null() if array.null_count else None
        fields = [convert(array.field(i), target.field(i).type) for i in range(target.num_fields)]
        if not fields:
            return array.cast(target)
        return pa.StructArray.from_arrays(fields, fields=list(target), mask=mask)
    return _convert_list(array, target)


def with_nulls_below(array: pa.Array) -> pa.Array:
    """The same rows, where the fields of a struct that is NULL are NULL as well: pandas makes its columns from the fields."""
    if not pa.types.is_struct(array.type) or not array.type.num_fields:
        return array
    # flatten takes the nulls of the struct over into its fields.
    fields = [with_nulls_below(child) for child in array.flatten()]
    mask = array.is_null() if array.null_count else None
    return pa.StructArray.from_arrays(fields, fields=list(array.type), mask=mask)


def _convert_leaf(array: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_duration(array.type) and pa.types.is_int64(target):
        return array.cast(pa.duration("us")).cast(target)
    return array.cast(target)


def _convert_list(array: pa.Array, target: pa.DataType) -> pa.Array:
    array = _at_offset_zero(array)
    mask = array.is_null() if array.null_count else None
    if pa.types.is_map(target):
        keys, items = convert(array.keys, target.key_type), convert(array.items, target.item_type)
        return pa.MapArray.from_arrays(array.offsets, keys, items, type=target, mask=mask)
    values = convert(array.values, target.value_type)
    kind = pa.LargeListArray if pa.types.is_large_list(target) else pa.ListArray
    offsets = array.offsets.cast(pa.int64() if pa.types.is_large_list(target) else pa.int32())
    return kind.from_arrays(offsets, values, type=target, mask=mask)


def _at_offset_zero(array: pa.Array) -> pa.Array:
    """`from_arrays` takes no mask beside offsets that do not begin at 0."""
    return array if array.offset == 0 else array.take(pa.array(range(len(array)), pa.int64()))
