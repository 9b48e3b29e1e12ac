"""The schema of JSON records. Source of fact: JsonInferSchema."""

from __future__ import annotations

import random
from collections.abc import Iterable

from potok.connectors.csv_options import DROP_MALFORMED, FAIL_FAST
from potok.errors import SparkError
from potok.functions.json_infer import InferenceRules, canonical_type, common_type, type_of
from potok.functions.json_parse import Leniency, MalformedJsonError, parse_json
from potok.types import STRING, ArrayType, DataType, StructField, StructType


class JsonInference:
    """Widens one schema over all records."""

    def __init__(
        self,
        leniency: Leniency,
        rules: InferenceRules,
        corrupt_record_name: str,
        mode: str,
        *,
        sampling_ratio: float,
    ) -> None:
        self._leniency = leniency
        self._rules = rules
        self._corrupt = StructType((StructField(corrupt_record_name, STRING),))
        self._mode = mode
        self._ratio = sampling_ratio
        self._sample = random.Random(1)  # noqa: S311 - a sample is no secret
        self._so_far: DataType = StructType()

    def add(self, records: Iterable[str]) -> None:
        """Take records into account. Raises MALFORMED_RECORD_IN_PARSING in mode FAILFAST."""
        for text in records:
            if self._ratio < 1.0 and self._sample.random() >= self._ratio:
                continue
            try:
                found = type_of(parse_json(text, self._leniency), self._rules)
            except EOFError:
                continue
            except MalformedJsonError as error:
                if self._mode == FAIL_FAST:
                    raise SparkError(
                        "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                        # Spark names the column for bad records where one expects the record.
                        badRecord=self._corrupt.names[0],
                        failFastMode=self._mode,
                    ) from error
                if self._mode != DROP_MALFORMED:
                    self._so_far = common_type(self._so_far, self._corrupt)
                continue
            if isinstance(found, ArrayType) and isinstance(found.element, StructType):
                found = found.element
            if isinstance(found, StructType):
                self._so_far = common_type(self._so_far, found)
            elif self._mode != DROP_MALFORMED:
                self._so_far = common_type(self._so_far, self._corrupt)

    def schema(self) -> StructType:
        """The schema of all records so far."""
        found = canonical_type(self._so_far, self._rules)
        return found if isinstance(found, StructType) else StructType()
