"""What docstrings of the client show that potok does not, and why; kinds as in `spark.gaps`."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["notimpl", "never", "defect"]


class Gap(NamedTuple):
    """Why a docstring prints something else."""

    kind: Kind
    reason: str


# (group, names of docstrings) -> gap
GAPS: dict[tuple[str, frozenset[str]], Gap] = {
    ("functions", frozenset({"java_method", "reflect", "try_reflect"})): Gap("never", "classes of the JVM"),
    (
        "catalog",
        frozenset({"Catalog.recoverPartitions", "Catalog.refreshByPath", "Catalog.refreshTable"}),
    ): Gap("never", "files are listed anew for every query, so that there is nothing to refresh"),
    (
        "dataframe",
        frozenset({"DataFrame.randomSplit", "DataFrame.sampleBy", "DataFrameStatFunctions.sampleBy"}),
    ): Gap("never", "other rows of a sample: those of Spark depend on its partitions"),
    (
        "dataframe",
        frozenset(
            {
                "DataFrame.coalesce",
                "DataFrame.repartition",
                "DataFrame.repartitionById",
                "DataFrame.repartitionByRange",
            }
        ),
    ): Gap("never", "rows lie in one partition"),
    ("functions", frozenset({"monotonically_increasing_id", "spark_partition_id"})): Gap(
        "never", "rows lie in one partition"
    ),
    ("dataframe", frozenset({"DataFrame.sparkSession"})): Gap("never", "the class of the session"),
    ("functions", frozenset({"try_parse_url"})): Gap(
        "never", "the docstring is out of date: Spark 4.3 finds the parameter"
    ),
    ("dataframe", frozenset({"DataFrame.describe", "DataFrame.summary"})): Gap(
        "never", "the last digit of a double"
    ),
    ("functions", frozenset({"corr", "cosh", "exp", "expm1", "log2", "regr_r2"})): Gap(
        "never", "the last digit of a double"
    ),
    (
        "dataframe",
        frozenset({"DataFrame.cache", "DataFrame.explain", "DataFrame.hint", "DataFrame.persist"}),
    ): Gap("never", "the operators of Spark in the text of a plan"),
    ("dataframe", frozenset({"DataFrame.crossJoin", "DataFrame.drop"})): Gap(
        "never", "the order of rows that no query asks for"
    ),
    ("window", frozenset({"Window.orderBy"})): Gap("never", "the order of rows that no query asks for"),
    ("functions", frozenset({"unwrap_udt"})): Gap(
        "never", "types of pyspark.ml, which the client does not bring"
    ),
    ("types", frozenset({"_parse_datatype_json_string"})): Gap("never", "what only a JVM has"),
    ("catalog", frozenset({"Catalog.getFunction"})): Gap(
        "notimpl", "CREATE FUNCTION with a class of the JVM"
    ),
    (
        "functions",
        frozenset(
            {
                "tuple_difference_double",
                "tuple_difference_integer",
                "tuple_difference_theta_double",
                "tuple_difference_theta_integer",
                "tuple_intersection_agg_double",
                "tuple_intersection_agg_integer",
                "tuple_intersection_double",
                "tuple_intersection_integer",
                "tuple_intersection_theta_double",
                "tuple_intersection_theta_integer",
                "tuple_sketch_agg_double",
                "tuple_sketch_agg_integer",
                "tuple_sketch_estimate_double",
                "tuple_sketch_estimate_integer",
                "tuple_sketch_summary_double",
                "tuple_sketch_summary_integer",
                "tuple_sketch_theta_double",
                "tuple_sketch_theta_integer",
                "tuple_union_agg_double",
                "tuple_union_agg_integer",
                "tuple_union_double",
                "tuple_union_integer",
                "tuple_union_theta_double",
                "tuple_union_theta_integer",
            }
        ),
    ): Gap("notimpl", "Tuple sketches"),
    (
        "functions",
        frozenset(
            {
                "is_valid_variant",
                "is_variant_null",
                "parse_json",
                "schema_of_variant",
                "schema_of_variant_agg",
                "to_json",
                "to_variant_object",
                "try_parse_json",
                "try_variant_get",
                "variant_get",
            }
        ),
    ): Gap("notimpl", "VARIANT values"),
    (
        "tvf",
        frozenset({"TableValuedFunction.variant_explode", "TableValuedFunction.variant_explode_outer"}),
    ): Gap("notimpl", "VARIANT values"),
    ("types", frozenset({"VariantVal"})): Gap("notimpl", "VARIANT values"),
    ("functions", frozenset({"from_xml", "schema_of_xml", "to_xml"})): Gap("notimpl", "XML"),
    ("readwriter", frozenset({"DataFrameReader.xml", "DataFrameWriter.xml"})): Gap("notimpl", "XML"),
    ("stream readwriter", frozenset({"DataStreamReader.xml"})): Gap("notimpl", "XML"),
    (
        "functions",
        frozenset(
            {
                "xpath",
                "xpath_boolean",
                "xpath_double",
                "xpath_float",
                "xpath_int",
                "xpath_long",
                "xpath_number",
                "xpath_short",
                "xpath_string",
            }
        ),
    ): Gap("notimpl", "XPath"),
    ("tvf", frozenset({"TableValuedFunction.collations", "TableValuedFunction.sql_keywords"})): Gap(
        "notimpl", "a table function that lists what Spark has"
    ),
    ("readwriter", frozenset({"DataFrameWriter.bucketBy", "DataFrameWriter.sortBy"})): Gap(
        "notimpl", "bucketBy"
    ),
    ("stream readwriter", frozenset({"DataStreamWriter.clusterBy"})): Gap("notimpl", "clusterBy of a stream"),
    ("readwriter", frozenset({"DataFrameWriter.clusterBy"})): Gap("notimpl", "clusterBy of a write"),
    ("functions", frozenset({"aes_decrypt", "aes_encrypt", "try_aes_decrypt"})): Gap("notimpl", "encryption"),
    (
        "functions",
        frozenset({"st_asbinary", "st_geogfromwkb", "st_geomfromwkb", "st_setsrid", "st_srid"}),
    ): Gap("notimpl", "geometries and geographies"),
    (
        "functions",
        frozenset(
            {
                "hour",
                "make_time",
                "make_timestamp",
                "make_timestamp_ntz",
                "minute",
                "second",
                "time_bucket",
                "time_diff",
                "time_from_micros",
                "time_from_millis",
                "time_from_seconds",
                "time_to_micros",
                "time_to_millis",
                "time_to_seconds",
                "time_trunc",
                "to_time",
                "try_make_timestamp",
                "try_to_time",
            }
        ),
    ): Gap("notimpl", "the data type TIME"),
    ("functions", frozenset({"collation"})): Gap("notimpl", "the function collation"),
    ("functions", frozenset({"sentences"})): Gap("notimpl", "the function sentences"),
}


def gap_of(group: str, name: str) -> Gap | None:
    """The gap of a docstring, or None where potok has to print what it says."""
    for (gap_group, names), gap in GAPS.items():
        if gap_group == group and name in names:
            return gap
    return None
