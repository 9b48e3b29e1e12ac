"""Constants and the calls with a grammar of their own: CAST, CASE, TRIM, EXTRACT, INTERVAL, ...

Source of fact: the alternatives of Spark 4.3's `primaryExpression` and `constant`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from potok import types as t
from potok.ddl import TypeParser
from potok.errors import SparkError, unsupported
from potok.parser import constants
from potok.plan.expressions import (
    FALSE,
    NULL_LITERAL,
    TRUE,
    Alias,
    Cast,
    CastMode,
    Expression,
    Literal,
    UnresolvedFunction,
)
from potok.tokens import NUMBER, STRING, WORD, ParseError, Token, string_value

if TYPE_CHECKING:
    from potok.plan.logical import LogicalPlan

_DATE_UNITS = frozenset({
    "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DAYOFYEAR", "HOUR", "MINUTE", "SECOND", "MILLISECOND",
    "MICROSECOND",
})  # fmt: skip
_TYPED = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "X"})
_TRIM_FUNCTION = {"BOTH": "trim", "LEADING": "ltrim", "TRAILING": "rtrim"}
_WHOLE_REST = 2**31 - 1
_SUPPORTED_TYPED = '"DATE", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP", "INTERVAL", "X", "TIME"'


@dataclass(frozen=True)
class ParserOptions:
    """What a text's meaning depends on besides the text.

    `time_zone` (spark.sql.session.timeZone) reads TIMESTAMP literals without a zone. Arguments
    replace `:name` and `?` in the text.
    """

    time_zone: str = "UTC"
    named_arguments: Mapping[str, Expression] | None = None
    positional_arguments: Sequence[Expression] = ()


class SpecialFormParser(TypeParser):
    """Constants and special calls; expressions in general come from the subclass."""

    types_have_origins = True

    def __init__(self, text: str, options: ParserOptions) -> None:
        super().__init__(text)
        self.options = options
        self.positional_count = 0
        self.special_forms: dict[str, Callable[[], Expression | None]] = {
            "CASE": self._case,
            "CAST": self._cast,
            "TRY_CAST": self._cast,
            "STRUCT": self._struct,
            "FIRST": self._first_or_last,
            "LAST": self._first_or_last,
            "ANY_VALUE": self._first_or_last,
            "POSITION": self._position,
            "EXTRACT": self._extract,
            "SUBSTRING": self._substring,
            "SUBSTR": self._substring,
            "TRIM": self._trim,
            "OVERLAY": self._overlay,
            "TIMESTAMPADD": self._timestamp_add,
            "DATEADD": self._timestamp_add,
            "DATE_ADD": self._timestamp_add,
            "TIMESTAMPDIFF": self._timestamp_difference,
            "DATEDIFF": self._timestamp_difference,
            "DATE_DIFF": self._timestamp_difference,
            "TIMEDIFF": self._timestamp_difference,
            "INTERVAL": self._interval,
            "NULL": self._null,
            "TRUE": self._true,
            "FALSE": self._false,
        }

    @abstractmethod
    def expression(self) -> Expression:
        """The rule `expression`."""

    @abstractmethod
    def value(self, minimum: int = 0) -> Expression:
        """The rule `valueExpression`, with operators that bind at least so tightly."""

    @abstractmethod
    def named_expression(self) -> Expression:
        """The rule `namedExpression`: an expression with an optional alias."""

    @abstractmethod
    def rest_of_call(
        self, start: Token, name: str, first: Expression | None, *, is_distinct: bool = False
    ) -> Expression:
        """An ordinary call from behind its first argument."""

    def _ordinary_call(self, index: int, start: Token, first: Expression) -> Expression | None:
        """The call without a grammar of its own that this one turned out to be; None to read it afresh."""
        if self.token.key in {",", ")"}:
            return self.rest_of_call(start, start.text.lower(), first)
        self.reset(index)
        return None

    @abstractmethod
    def query(self) -> LogicalPlan:
        """The rule `query`."""

    def call(self, start: Token, name: str, *arguments: Expression) -> UnresolvedFunction:
        """A function over arguments, its origin from `start` to the last token taken."""
        return UnresolvedFunction(name, arguments, origin=self.origin(start.start))

    # ---- constants ------------------------------------------------------------------------------

    def number(self, *, negative: bool = False) -> Literal:
        """A numeric literal; with a minus sign in front when `negative`."""
        start = self.token.start
        if negative:
            self.advance()
        token = self.advance()
        text = "-" + token.text if negative else token.text
        if text.isdigit() and len(text) < 10:  # noqa: PLR2004 - nine digits fit into an INT
            return Literal(int(text), t.INTEGER)
        try:
            return constants.number(text, self.origin(start))
        except SparkError as error:
            self.defer(error)
            return NULL_LITERAL

    def string_literal(self) -> Expression:
        """String tokens next to each other, joined."""
        value = string_value(self.advance().text)
        while self.token.kind is STRING:
            value += string_value(self.advance().text)
        return Literal(value, t.STRING)

    def typed_literal(self) -> Expression:
        """`DATE 'x'` and its sisters; the current token is the type's name."""
        head = self.advance()
        text = string_value(self.advance().text)
        origin = self.origin(head.start)
        try:
            if head.key == "INTERVAL":
                return constants.text_interval(text, origin)
            if head.key == "TIME":
                raise unsupported("A TIME literal", "Use a TIMESTAMP or a string.", origin=origin)
            if head.key not in _TYPED:
                raise ParseError(
                    "UNSUPPORTED_TYPED_LITERAL",
                    origin=origin,
                    unsupportedType=f'"{head.key}"',
                    supportedTypes=_SUPPORTED_TYPED,
                )
            return constants.typed(head.key, text, self.options.time_zone, origin)
        except SparkError as error:
            self.defer(error)
            return NULL_LITERAL

    def _null(self) -> Expression | None:
        return self._constant(NULL_LITERAL)

    def _true(self) -> Expression | None:
        return self._constant(TRUE)

    def _false(self) -> Expression | None:
        return self._constant(FALSE)

    def _constant(self, literal: Literal) -> Expression | None:
        if self.peek().key in {"(", ".", "->"}:
            return None
        self.advance()
        return literal

    def parameter(self) -> Expression:
        """`:name` or `?`, replaced by the argument. Raises UNBOUND_SQL_PARAMETER."""
        start = self.advance()
        name = f"_{start.start}"
        found: Expression | None
        if start.key == ":":
            name = self.plain_name()
            found = (self.options.named_arguments or {}).get(name)
        else:
            position, self.positional_count = self.positional_count, self.positional_count + 1
            arguments = self.options.positional_arguments
            found = arguments[position] if position < len(arguments) else None
        if found is None:
            self.defer(SparkError("UNBOUND_SQL_PARAMETER", name=name))
            return NULL_LITERAL
        return found

    # ---- intervals ------------------------------------------------------------------------------

    def _interval(self) -> Expression | None:
        """`INTERVAL` and its value; None if the word is just a name here."""
        if self.peek().kind is STRING and self._unit_after(2) is None:
            return self.typed_literal()
        if not self._at_interval_value():
            if self.peek().kind is NUMBER and self.peek(2).kind is WORD:
                self.fail(self.peek(2))
            return None
        head = self.advance()
        quantities: list[constants.Quantity] = []
        value_start = self.token
        while self._is_value(0):
            quantity = self._quantity()
            if not quantities and self.at("TO"):
                return self._range_interval(value_start, quantity)
            quantities.append(quantity)
        try:
            return constants.units_interval(quantities, self.origin(head.start))
        except SparkError as error:
            self.defer(error)
            return NULL_LITERAL

    def _at_interval_value(self) -> bool:
        return self._is_value(1)

    def _is_value(self, distance: int) -> bool:
        """Whether a number or string with an optional sign, and a unit, stand here."""
        signed = self.peek(distance).key in {"+", "-"}
        value = self.peek(distance + signed)
        return value.kind in {NUMBER, STRING} and self._unit_after(distance + signed + 1) is not None

    def _unit_after(self, distance: int) -> str | None:
        word = self.peek(distance).text.lower()
        if self.peek(distance).kind is not WORD:
            return None
        if word in constants.UNITS:
            return word
        return word.removesuffix("s") if word.removesuffix("s") in constants.UNITS else None

    def _quantity(self) -> constants.Quantity:
        start = self.token
        sign = self.advance().text if start.key in {"+", "-"} else ""
        token = self.advance()
        text = string_value(token.text) if token.kind is STRING else token.text
        if sign == "-":
            text = text[1:] if text.startswith("-") else "-" + text
        unit = self._unit_after(0)
        self.advance()
        return constants.Quantity(text, unit or "", self.origin(start.start))

    def _range_interval(self, start: Token, quantity: constants.Quantity) -> Expression:
        self.expect("TO")
        end = self._unit_after(0)
        if end is None:
            self.fail()
        self.advance()
        origin = self.origin(start.start)
        try:
            if "'" not in origin.fragment and '"' not in origin.fragment:
                raise ParseError("_LEGACY_ERROR_TEMP_0027", origin=origin)
            return constants.range_interval(quantity.text, quantity.unit, end, origin)
        except SparkError as error:
            self.defer(error)
            return NULL_LITERAL

    # ---- special calls --------------------------------------------------------------------------

    def _case(self) -> Expression | None:
        """CASE .. END; where that does not come about, CASE is a name."""
        if self.peek().key in {".", ",", ")", "=", "<END>", "->"}:
            return None
        index = self.index
        try:
            result = self._whole_case()
        except ParseError as error:
            if error.condition != "PARSE_SYNTAX_ERROR":
                raise
            result = None
        if result is None:
            self.reset(index)
        return result

    def _whole_case(self) -> Expression | None:
        start = self.advance()
        subject = None if self.token.key == "WHEN" else self.expression()
        arguments: list[Expression] = []
        if self.token.key != "WHEN":
            return None
        while self.accept("WHEN"):
            condition_start = self.token
            condition = self.expression()
            if subject is not None:
                condition = self.call(condition_start, "==", subject, condition)
            self.expect("THEN")
            arguments += [condition, self.expression()]
        if self.accept("ELSE"):
            arguments.append(self.expression())
        if not self.accept("END"):
            return None
        return self.call(start, "when", *arguments)

    def _cast(self) -> Expression | None:
        if self.peek().key != "(":
            return None
        index, start = self.index, self.advance()
        self.advance()
        child = self.expression()
        if not self.accept("AS"):
            return self._ordinary_call(index, start, child)
        data_type = self.data_type()
        self.expect_closing(")")
        return self.cast_of(child, data_type, start, CastMode.TRY if start.key == "TRY_CAST" else None)

    def cast_of(
        self, child: Expression, data_type: t.DataType, start: Token, mode: CastMode | None = None
    ) -> Expression:
        """An explicit cast; CHAR and VARCHAR become STRING, as Spark does in expressions."""
        if isinstance(data_type, t.CharType | t.VarcharType):
            data_type = t.STRING
        return Cast(child, data_type, mode, origin=self.origin(start.start))

    def _struct(self) -> Expression | None:
        if self.peek().key != "(":
            return None
        start = self.advance()
        self.advance()
        arguments: list[Expression] = []
        if self.token.key != ")":
            arguments.append(self.named_expression())
            while self.accept(","):
                arguments.append(self.named_expression())
        self.expect(")")
        return self.call(start, "struct", *arguments)

    def _first_or_last(self) -> Expression | None:
        """`first(a IGNORE NULLS)`; None for every other call, which is an ordinary one."""
        if self.peek().key != "(":
            return None
        index, start = self.index, self.advance()
        self.advance()
        if self.token.key not in {")", "DISTINCT", "ALL"}:
            child = self.expression()
            if self.accept("IGNORE", "NULLS", ")"):
                origin = self.origin(start.start)
                return UnresolvedFunction(start.text.lower(), (child,), ignore_nulls=True, origin=origin)
            return self._ordinary_call(index, start, child)
        self.reset(index)
        return None

    def _position(self) -> Expression | None:
        if self.peek().key != "(":
            return None
        index, start = self.index, self.advance()
        self.advance()
        part = self.value()
        if not self.accept("IN"):
            return self._ordinary_call(index, start, part)
        whole = self.value()
        self.expect(")")
        return self.call(start, "locate", part, whole, Literal(1, t.INTEGER))

    def _extract(self) -> Expression | None:
        if self.peek().key != "(" or self.peek(3).key != "FROM":
            return None
        start = self.advance()
        self.advance()
        field = self.plain_name()
        self.expect("FROM")
        source = self.value()
        self.expect(")")
        return self.call(start, "extract", Literal(field, t.STRING), source)

    def _substring(self) -> Expression | None:
        if self.peek().key != "(":
            return None
        index, start = self.index, self.advance()
        self.advance()
        if self.token.key == ")":
            return self.rest_of_call(start, start.text.lower(), None)
        text = self.value()
        if not self.accept("FROM"):
            return self._ordinary_call(index, start, text)
        position = self.value()
        length: Expression = Literal(_WHOLE_REST, t.INTEGER)
        if self.accept("FOR") or self.accept(","):
            length = self.value()
        self.expect(")")
        return self.call(start, "substring", text, position, length)

    def _trim(self) -> Expression | None:
        if self.peek().key != "(":
            return None
        index, start = self.index, self.advance()
        self.advance()
        if self.token.key == "FROM":
            self.reset(index)
            return None
        side = self.advance().key if self.token.key in _TRIM_FUNCTION else "BOTH"
        characters = None if self.token.key in {"FROM", ")"} else self.value()
        if not self.accept("FROM"):
            if characters is not None:
                return self._ordinary_call(index, start, characters)
            self.reset(index)
            return None
        source = self.value()
        self.expect(")")
        arguments = (source,) if characters is None else (characters, source)
        return self.call(start, _TRIM_FUNCTION[side], *arguments)

    def _overlay(self) -> Expression | None:
        if self.peek().key != "(":
            return None
        index, start = self.index, self.advance()
        self.advance()
        text = self.value()
        if not self.accept("PLACING"):
            return self._ordinary_call(index, start, text)
        replacement = self.value()
        self.expect("FROM")
        position = self.value()
        length = self.value() if self.accept("FOR") else Literal(-1, t.INTEGER)
        self.expect(")")
        return self.call(start, "overlay", text, replacement, position, length)

    def _date_unit(self, name: str, start: Token) -> str | None:
        """The unit of `timestampadd(DAY, ..)` with the comma behind it, or None; text after `(`."""
        unit = self.token
        if self.peek().key == "," and (unit.key in _DATE_UNITS or unit.kind is STRING):
            if unit.kind is STRING and not self._has_three_arguments():
                return None
            self.advance()
            self.advance()
            if unit.kind is STRING:
                self._wrong_unit(name, unit, start)
            return unit.text
        return None

    def _has_three_arguments(self) -> bool:
        index = self.index
        count = 1
        self.value()
        while self.accept(","):
            self.value()
            count += 1
        self.reset(index)
        return count == 3  # noqa: PLR2004 - unit, amount, time

    def _wrong_unit(self, name: str, unit: Token, start: Token) -> None:
        index = self.index
        while self.token.key not in {")", "<END>"}:
            self.advance()
        self.advance()
        origin = self.origin(start.start)
        self.reset(index)
        self.defer(
            ParseError(
                "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
                origin=origin,
                parameter="`unit`",
                functionName=f"`{name}`",
                invalidValue=unit.text,
            )
        )

    def _timestamp_add(self) -> Expression | None:
        return self._timestamp_call("timestampadd")

    def _timestamp_difference(self) -> Expression | None:
        return self._timestamp_call("timestampdiff")

    def _timestamp_call(self, name: str) -> Expression | None:
        if self.peek().key != "(":
            return None
        index, start = self.index, self.advance()
        self.advance()
        unit = self._date_unit(start.text.lower(), start)
        if unit is None:
            self.reset(index)
            return None
        first = self.value()
        if self.token.key != "," and start.text.lower() not in {"timestampadd", "timestampdiff"}:
            # Two arguments: the function, over a column that is called like a unit.
            self.reset(index)
            return None
        self.advance()
        second = self.value()
        self.expect(")")
        return self.call(start, name, Literal(unit, t.STRING), first, second)

    # ---- IDENTIFIER -----------------------------------------------------------------------------

    def constant_text(self, value: Expression) -> str:
        """The text that IDENTIFIER(..) names: a string, an argument, or their concatenation."""
        if isinstance(value, Literal) and isinstance(value.value, str):
            return value.value
        if isinstance(value, UnresolvedFunction) and value.name == "concat":
            return "".join(self.constant_text(part) for part in value.arguments)
        if isinstance(value, Alias):
            return self.constant_text(value.child)
        raise unsupported("IDENTIFIER() over a computed value", "Use a string literal or a parameter.")
