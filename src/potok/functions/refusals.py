"""Functions of Spark that Potok knows and does not have: a call says so."""

from __future__ import annotations

from collections.abc import Sequence

from potok.errors import unsupported
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.plan.expressions import Expression
from potok.types import STRING

_XML = (
    "from_xml", "to_xml", "schema_of_xml", "xpath", "xpath_boolean", "xpath_double", "xpath_float", "xpath_int",
    "xpath_long", "xpath_number", "xpath_short", "xpath_string",
)  # fmt: skip
_TUPLES = (
    "tuple_difference", "tuple_difference_theta", "tuple_intersection", "tuple_intersection_agg",
    "tuple_intersection_theta", "tuple_sketch_agg", "tuple_sketch_estimate", "tuple_sketch_summary",
    "tuple_sketch_theta", "tuple_union", "tuple_union_agg", "tuple_union_theta",
)  # fmt: skip
_SKETCHES = (
    "approx_top_k_combine",
    *(f"{name}_{kind}" for name in _TUPLES for kind in ("double", "integer")),
)
_TIMES = (
    "current_time", "make_time", "time_bucket", "time_diff", "time_from_micros", "time_from_millis",
    "time_from_seconds", "time_to_micros", "time_to_millis", "time_to_seconds", "time_trunc", "to_time", "try_to_time",
)  # fmt: skip
_GEOGRAPHY = ("st_asbinary", "st_geogfromwkb", "st_geomfromwkb", "st_setsrid", "st_srid")
_JAVA = ("java_method", "reflect", "try_reflect", "unwrap_udt")
_REFUSED = {
    **dict.fromkeys(_XML, "a user-defined function over the text"),
    **dict.fromkeys(_SKETCHES, "theta_sketch_agg or approx_top_k, or a user-defined aggregate"),
    **dict.fromkeys(_TIMES, "timestamps and date_format"),
    **dict.fromkeys(_GEOGRAPHY, "a user-defined function"),
    **dict.fromkeys(_JAVA, "a user-defined function"),
    "collate": "lower or upper on both sides of a comparison",
    "collation": "texts without a collation",
    "sentences": "split",
    "schema_of_variant_agg": "schema_of_json",
}


def _refusal(name: str, instead: str) -> ScalarFunction:
    def bind(_: Sequence[Expression], __: FunctionContext) -> Expression:
        raise unsupported(f"The function {name}", f"Use {instead}.")

    return ScalarFunction(name, (Input.ANY,), STRING, optional=1, variadic=True, bind=bind)


FUNCTIONS: tuple[Function, ...] = tuple(_refusal(name, instead) for name, instead in _REFUSED.items())
