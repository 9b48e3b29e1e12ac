"""The options of the JSON functions, and what a call carries to where its SQL is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from potok.errors import SparkError
from potok.functions.base import FunctionContext
from potok.functions.json_infer import InferenceRules
from potok.functions.json_parse import Leniency
from potok.functions.mismatch import quoted
from potok.functions.text_values import TextOptions
from potok.functions.value_texts import DATE_PATTERN, TIMESTAMP_NTZ_PATTERN, TIMESTAMP_PATTERN, RenderOptions
from potok.plan.expressions import Call, Cast, Expression, Literal
from potok.types import STRING, MapType

PERMISSIVE, FAIL_FAST, DROP_MALFORMED = "PERMISSIVE", "FAILFAST", "DROPMALFORMED"
CORRUPT_RECORD = "_corrupt_record"
_ZONE = "\0zone"


@dataclass(frozen=True)
class JsonOptions:
    """Options by their names in lower case, as Spark compares them, and the session's zone."""

    values: Mapping[str, str]
    session_zone: str

    @classmethod
    def of_arguments(cls, arguments: Sequence[Expression], context: FunctionContext) -> JsonOptions:
        """From the optional last argument of a call. Raises INVALID_OPTIONS unless it is a map of constants."""
        pairs = constant_map(arguments[0]) if arguments else {}
        return cls({name.lower(): value for name, value in pairs.items()}, context.time_zone)

    @classmethod
    def of_text(cls, text: str) -> JsonOptions:
        """From `text()`."""
        values = json.loads(text)
        return cls(values, values.pop(_ZONE))

    def text(self) -> str:
        """All of it in one constant."""
        return json.dumps({**self.values, _ZONE: self.session_zone}, sort_keys=True)

    def literal(self) -> Literal:
        """The last argument of a resolved call."""
        return Literal(self.text(), STRING)

    def get(self, name: str) -> str | None:
        """An option's value, None where it was not given."""
        return self.values.get(name.lower())

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean option. Raises as Java's parser of booleans does."""
        value = self.get(name)
        if value is None:
            return default
        if value.lower() not in {"true", "false"}:
            raise SparkError("INTERNAL_ERROR", message=f'For input string: "{value}"')
        return value.lower() == "true"

    @property
    def mode(self) -> str:
        """How bad records are treated; an unknown mode is PERMISSIVE."""
        mode = (self.get("mode") or PERMISSIVE).upper()
        return mode if mode in {FAIL_FAST, DROP_MALFORMED} else PERMISSIVE

    @property
    def corrupt_record(self) -> str:
        """The name of the field that holds bad records."""
        return self.get("columnNameOfCorruptRecord") or CORRUPT_RECORD

    @property
    def zone(self) -> str:
        """The zone of local times."""
        return self.get("timeZone") or self.session_zone

    @property
    def leniency(self) -> Leniency:
        """What the parser allows."""
        return Leniency.of(lambda name, default: self.flag(name, default=default))

    @property
    def inference(self) -> InferenceRules:
        """How types are told from values."""
        return InferenceRules(
            values=self.reading,
            primitives_as_string=self.flag("primitivesAsString"),
            prefers_decimal=self.flag("prefersDecimal"),
            infers_timestamps=self.flag("inferTimestamp"),
            drops_all_null=self.flag("dropFieldIfAllNull"),
        )

    @property
    def reading(self) -> TextOptions:
        """How texts become dates and times."""
        return TextOptions(
            time_zone=self.zone,
            date_pattern=self.get("dateFormat"),
            timestamp_pattern=self.get("timestampFormat"),
            timestamp_ntz_pattern=self.get("timestampNTZFormat"),
            locale=self.get("locale") or "en-US",
        )

    @property
    def writing(self) -> RenderOptions:
        """How dates and times become texts."""
        return RenderOptions(
            time_zone=self.zone,
            date_pattern=self.get("dateFormat") or DATE_PATTERN,
            timestamp_pattern=self.get("timestampFormat") or TIMESTAMP_PATTERN,
            timestamp_ntz_pattern=self.get("timestampNTZFormat") or TIMESTAMP_NTZ_PATTERN,
        )


def constant_map(argument: Expression) -> Mapping[str, str]:
    """The pairs of `map('a', 'b', ..)`. Raises INVALID_OPTIONS for anything else."""
    if isinstance(argument, Cast):
        return constant_map(argument.child)
    if isinstance(argument, Literal) and isinstance(argument.type, MapType):
        found = dict(argument.value or ())
    elif isinstance(argument, Call) and argument.name == "map":
        items = [a.value if isinstance(a, Literal) else None for a in argument.arguments]
        found = dict(zip(items[::2], items[1::2], strict=True))
    else:
        raise SparkError("INVALID_OPTIONS.NON_MAP_FUNCTION")
    if not all(isinstance(text, str) for pair in found.items() for text in pair):
        raise SparkError("INVALID_OPTIONS.NON_STRING_TYPE", mapType=quoted(argument.data_type))
    return found
