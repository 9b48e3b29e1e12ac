"""What stands in FROM: tables, subqueries, functions, joins, samples, PIVOT, UNPIVOT, LATERAL VIEW.

Source of fact: Spark 4.3's rules `fromClause` and `relation`.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from dataclasses import replace
from typing import NamedTuple

from potok import types as t
from potok.errors import unsupported
from potok.parser.expressions import ExpressionParser
from potok.plan.expressions import (
    Alias,
    Expression,
    Literal,
    NamedArgument,
    SortOrder,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedStar,
)
from potok.plan.logical import Filter, Limit, LogicalPlan, Options, Sample, SubqueryAlias
from potok.plan.table_functions import TableArgument
from potok.plan.unresolved import (
    UnresolvedAggregate,
    UnresolvedInlineTable,
    UnresolvedJoin,
    UnresolvedRelation,
    UnresolvedTableFunction,
    UnresolvedUnpivot,
)
from potok.tokens import NUMBER, QUOTED, WORD, ParseError

UNNAMED_SUBQUERY = "__auto_generated_subquery_name"
ONE_ROW = UnresolvedInlineTable(rows=((),))
# Words that can never be the alias of a table (Spark's `strictNonReserved`).
_NEVER_ALIAS = frozenset({
    "ANTI", "CROSS", "EXCEPT", "FULL", "INNER", "INTERSECT", "JOIN", "LATERAL", "LEFT", "NATURAL", "ON", "RIGHT",
    "SEMI", "MINUS", "UNION", "USING",
})  # fmt: skip
_NEEDS_BY = frozenset({"GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE"})
_TABLE_CLAUSES = frozenset({
    "WHERE", "HAVING", "LIMIT", "OFFSET", "WINDOW", "QUALIFY", "PIVOT", "UNPIVOT", "TABLESAMPLE", "SELECT",
    "INSERT", "WHEN", "SET", "FOR", "AS", "WITH", "MAP", "REDUCE",
}) | _NEEDS_BY  # fmt: skip
_JOIN_STARTS = frozenset({"JOIN", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "NATURAL"})
_ENDS = frozenset({"<END>", ",", ")", ";", "|>"})


class TableAlias(NamedTuple):
    """`AS name (columns)`; an empty name means there is none."""

    name: str
    columns: tuple[str, ...]

    def over(self, plan: LogicalPlan, otherwise: str = "") -> LogicalPlan:
        """The plan under this name, or the other one, or as it is."""
        name = self.name or otherwise
        return SubqueryAlias(plan, name, (), self.columns) if name else plan


class RelationParser(ExpressionParser):
    """The rules of FROM. `query` comes from the subclass."""

    @abstractmethod
    def query(self) -> LogicalPlan:
        """The rule `query`."""

    def from_clause(self) -> LogicalPlan:
        """Behind FROM: relations between commas, then lateral views, pivot and unpivot."""
        plan = self.relation()
        while self.accept(","):
            plan = self._lateral_or_plain(plan, "inner")
        plan = self.lateral_views(plan)
        while True:
            extended = self._reshaped(plan)
            if extended is None:
                return plan
            plan = extended

    def _lateral_or_plain(self, left: LogicalPlan, join_type: str) -> LogicalPlan:
        """The relation behind a comma; its JOINs apply to everything before it too, as in Spark."""
        if self._at_lateral():
            self.advance()
            return self._joins(UnresolvedJoin(left, self._lateral_relation(), join_type, lateral=True))
        return self._joins(UnresolvedJoin(left, self._primary_relation(), join_type))

    def _at_lateral(self) -> bool:
        return self.token.key == "LATERAL" and self.peek().key not in {"VIEW", *_ENDS}

    def _lateral_relation(self) -> LogicalPlan:
        start = self.token
        plan = self._primary_relation()
        inner = plan.child if isinstance(plan, SubqueryAlias) else plan
        if start.key != "(" and not isinstance(inner, UnresolvedTableFunction):
            condition = "INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC"
            self.defer(ParseError(condition, origin=self.origin(start.start)))
        return plan

    def relation(self) -> LogicalPlan:
        """One relation with its joins."""
        if self._at_lateral():
            self.advance()
            return self._joins(UnresolvedJoin(ONE_ROW, self._lateral_relation(), "inner", lateral=True))
        return self._joins(self._primary_relation())

    def _joins(self, plan: LogicalPlan) -> LogicalPlan:
        while True:
            if self.token.key in _JOIN_STARTS:
                plan = self._join(plan)
                continue
            extended = self._reshaped(plan)
            if extended is None:
                return plan
            plan = extended

    def _reshaped(self, plan: LogicalPlan) -> LogicalPlan | None:
        if self.at("PIVOT", "("):
            return self._pivot(plan)
        if self.token.key == "UNPIVOT" and self.peek().key in {"(", "INCLUDE", "EXCLUDE"}:
            return self._unpivot(plan)
        return None

    # ---- joins ----------------------------------------------------------------------------------

    def _join(self, left: LogicalPlan) -> LogicalPlan:
        start = self.token
        return replace(self._written_join(left), origin=self.origin(start.start))

    def _written_join(self, left: LogicalPlan) -> UnresolvedJoin:
        natural = self.accept("NATURAL")
        join_type = self._join_type()
        self.expect("JOIN")
        lateral = self._at_lateral()
        if lateral:
            self.advance()
        right = self._lateral_relation() if lateral else self._primary_relation()
        if natural:
            return UnresolvedJoin(left, right, join_type, natural=True, lateral=lateral)
        if self.accept("ON"):
            return UnresolvedJoin(left, right, join_type, self.expression(), lateral=lateral)
        if self.token.key == "USING" and self.peek().key == "(":
            self.advance()
            if lateral:
                raise unsupported("LATERAL JOIN .. USING", "Use ON.")
            return UnresolvedJoin(left, right, join_type, using=self.name_list())
        return UnresolvedJoin(left, right, join_type, lateral=lateral)

    def _join_type(self) -> str:
        if self.accept("CROSS"):
            return "cross"
        for side in ("LEFT", "RIGHT", "FULL"):
            if self.accept(side):
                if side == "LEFT" and self.accept("SEMI"):
                    return "left_semi"
                if side == "LEFT" and self.accept("ANTI"):
                    return "left_anti"
                self.accept("OUTER")
                return f"{side.lower()}_outer"
        if self.accept("SEMI"):
            return "left_semi"
        if self.accept("ANTI"):
            return "left_anti"
        self.accept("INNER")
        return "inner"

    # ---- primaries ------------------------------------------------------------------------------

    def _primary_relation(self) -> LogicalPlan:
        if self.token.key == "(":
            return self._relation_in_parentheses()
        if self.token.key == "VALUES" and self.peek().key not in _ENDS | {"."} and not self._clause_at(1):
            return self.inline_table()
        if self._at_stream():
            return self._stream()
        distance = 0
        if not self.at("IDENTIFIER", "("):
            while self.peek(distance).kind in {WORD, QUOTED} and self.peek(distance + 1).key == ".":
                distance += 2
            if self.peek(distance).kind in {WORD, QUOTED} and self.peek(distance + 1).key == "(":
                return self._table_function()
        relation: LogicalPlan = self.named_relation()
        self._refuse_time_travel()
        if self.token.key == "WITH" and self.peek().key == "(":
            self.advance()
            options = Options([(key, value or "") for key, value in self.properties()])
            assert isinstance(relation, UnresolvedRelation)  # noqa: S101 - made above
            relation = replace(relation, options=options)
        return self.table_alias().over(self._sampled(relation))

    def named_relation(self) -> UnresolvedRelation:
        """A table or a view by name."""
        start = self.token
        return UnresolvedRelation(self.multipart_name(), origin=self.origin(start.start))

    def _clause_at(self, distance: int) -> bool:
        return self.peek(distance).key in _TABLE_CLAUSES | _JOIN_STARTS

    def _relation_in_parentheses(self) -> LogicalPlan:
        if self.query_starts(1):
            index = self.index
            try:
                self.advance()
                plan = self.query()
                self.expect_closing(")")
            except ParseError:
                if self.tokens[index + 1].key != "(":
                    raise
                self.reset(index)
            else:
                return self.table_alias().over(self._sampled(plan), UNNAMED_SUBQUERY)
        self.expect("(")
        plan = self.relation()
        self.expect_closing(")")
        return self.table_alias().over(self._sampled(plan))

    def _table_function(self) -> LogicalPlan:
        start = self.token
        name = ".".join(self.multipart_name()).lower()
        self.expect("(")
        arguments: list[Expression] = []
        if self.token.key != ")":
            arguments.append(self._table_argument())
            while self.accept(","):
                arguments.append(self._table_argument())
        self.expect_closing(")")
        if "." in name:
            condition = "INVALID_SQL_SYNTAX.INVALID_TABLE_VALUED_FUNC_NAME"
            self.defer(ParseError(condition, origin=self.origin(start.start), funcName=f"`{name}`"))
        origin = self.origin(start.start)
        return self.table_alias().over(UnresolvedTableFunction(name, tuple(arguments), origin=origin))

    def _table_argument(self) -> Expression:
        if self.token.key == "TABLE" and (self.peek().key == "(" or self.peek().kind in {WORD, QUOTED}):
            return self._table_as_argument()
        if self.token.kind is WORD and self.peek().key == "=>" and self.peek(2).key == "TABLE":
            key = self.plain_name()
            self.advance()
            return NamedArgument(key, self._table_as_argument())
        return self._argument()

    def _table_as_argument(self) -> Expression:
        """`TABLE name` or `TABLE(name or query)`, its partitions and their order."""
        self.advance()
        in_parentheses = self.accept("(")
        plan = self.query() if in_parentheses and self.query_starts(0) else self.named_relation()
        if in_parentheses:
            self.expect_closing(")")
        partition: tuple[Expression, ...] = ()
        is_single = self.accept("WITH", "SINGLE", "PARTITION")
        if self.accept("PARTITION", "BY") or self.accept("DISTRIBUTE", "BY"):
            in_parentheses = self.accept("(")
            partition = (self.expression(),)
            while self.accept(","):
                partition += (self.expression(),)
            if in_parentheses:
                self.expect_closing(")")
        order: tuple[SortOrder, ...] = ()
        if self.accept("ORDER", "BY") or self.accept("SORT", "BY"):
            in_parentheses = self.accept("(")
            order = (self.sort_item(),)
            while self.accept(","):
                order += (self.sort_item(),)
            if in_parentheses:
                self.expect_closing(")")
        return TableArgument(plan, partition, order, is_single)

    def _at_stream(self) -> bool:
        following = self.peek()
        if self.token.key != "STREAM" or self._clause_at(1) or following.key in {"ON", "USING", "UNION"}:
            return False
        return following.key == "(" or following.kind in {WORD, QUOTED}

    def _stream(self) -> LogicalPlan:
        self.advance()
        in_parentheses = self.accept("(")
        relation = replace(self.named_relation(), streaming=True)
        if in_parentheses:
            self.expect_closing(")")
        return self.table_alias().over(relation)

    def _refuse_time_travel(self) -> None:
        if self.token.key == "FOR" or (
            self.token.key in {"VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME"}
            and self.peek().key == "AS"
        ):
            if self.token.key == "FOR" and self.peek(2).key != "AS":
                return
            if self.peek(3 if self.token.key == "FOR" else 2).key == "OF":
                raise unsupported("Time travel (VERSION/TIMESTAMP AS OF)", "Read the table as it is.")

    def inline_table(self) -> LogicalPlan:
        """VALUES, rows between commas, and an optional alias."""
        start = self.advance()
        rows = [self._row()]
        while self.accept(","):
            rows.append(self._row())
        origin = self.origin(start.start)
        alias = self.table_alias()
        table = UnresolvedInlineTable(tuple(rows), alias.columns, origin=origin)
        return SubqueryAlias(table, alias.name) if alias.name else table

    def _row(self) -> tuple[Expression, ...]:
        value = self.expression()
        if isinstance(value, UnresolvedFunction) and value.name == "struct":
            return value.arguments
        return (value,)

    def table_alias(self) -> TableAlias:
        """`[AS] name [(columns)]`, or none."""
        following = self.peek()
        if self.token.key == "AS":
            if following.kind is QUOTED or (following.kind is WORD and following.key not in _NEVER_ALIAS):
                self.advance()
        elif not self._at_table_alias():
            return TableAlias("", ())
        name = self.name()
        columns = self.name_list() if self.token.key == "(" else ()
        return TableAlias(name, columns)

    def _at_table_alias(self) -> bool:
        token, following = self.token, self.peek()
        if token.kind is QUOTED:
            return True
        if token.kind is not WORD or token.key in _NEVER_ALIAS:
            return False
        if token.key in _NEEDS_BY:
            return following.key != "BY"
        if token.key not in _TABLE_CLAUSES or following.key in _ENDS:
            return True
        if following.key in _NEEDS_BY:
            return self.peek(2).key == "BY"
        return following.key == "(" and self._column_names_follow()

    def _column_names_follow(self) -> bool:
        """Whether `(a, b)` behind the word here ends the relation: `t WHERE (a)` names t in Spark."""
        distance = 2
        while self.peek(distance).kind in {WORD, QUOTED}:
            closing = self.peek(distance + 1).key
            if closing == ")":
                behind = self.peek(distance + 2).key
                return behind in _ENDS or behind in _TABLE_CLAUSES or behind in _NEVER_ALIAS
            if closing != ",":
                return False
            distance += 2
        return False

    def name_list(self) -> tuple[str, ...]:
        """`(a, b)`."""
        self.expect("(")
        names = [self.name()]
        while self.accept(","):
            names.append(self.name())
        self.expect_closing(")")
        return tuple(names)

    # ---- samples --------------------------------------------------------------------------------

    def _sampled(self, plan: LogicalPlan) -> LogicalPlan:
        if not self.at("TABLESAMPLE", "(") and not self.at("TABLESAMPLE", "SYSTEM"):
            return plan
        self.advance()
        if self.accept("SYSTEM"):
            raise unsupported("TABLESAMPLE SYSTEM", "Use TABLESAMPLE (n PERCENT).")
        self.advance()
        fraction: float | None = None
        rows: Expression | None = None
        if self.accept("BUCKET"):
            numerator = self._whole_number()
            self.expect("OUT", "OF")
            fraction = numerator / self._whole_number()
        elif self.token.kind is NUMBER and self.peek().key == "PERCENT":
            fraction = float(self.advance().text) / 100
            self.advance()
        else:
            rows = self.expression()
            if not self.accept("ROWS"):
                raise unsupported("TABLESAMPLE by bytes", "Use PERCENT or ROWS.")
        self.expect_closing(")")
        seed = random.randrange(1000)  # noqa: S311 - a sample's seed, as in Spark
        if self.accept("REPEATABLE"):
            self.expect("(")
            seed = self._whole_number()
            self.expect_closing(")")
        if rows is not None:
            return Limit(plan, rows)
        return Sample(plan, 0.0, fraction or 0.0, with_replacement=False, seed=seed)

    def _whole_number(self) -> int:
        if self.token.kind is not NUMBER or not self.token.text.isdigit():
            self.fail()
        return int(self.advance().text)

    # ---- reshaping ------------------------------------------------------------------------------

    def _pivot(self, plan: LogicalPlan) -> LogicalPlan:
        """PIVOT groups by every column that neither it nor its aggregates name."""
        self.accept("PIVOT", "(")
        start = self.token
        aggregates = self.named_expressions()
        self.expect("FOR")
        names = self.name_list() if self.token.key == "(" else (self.name(),)
        columns = tuple(UnresolvedAttribute((name,), origin=self.origin(start.start)) for name in names)
        self.expect("IN", "(")
        values = [self._pivot_value()]
        while self.accept(","):
            values.append(self._pivot_value())
        self.expect(")")
        self.expect_closing(")")
        column: Expression = columns[0] if len(columns) == 1 else self.call(start, "struct", *columns)
        used = {node.parts[-1].lower(): node.parts for e in aggregates for node in e.walk()
                if isinstance(node, UnresolvedAttribute)}  # fmt: skip
        used |= {name.lower(): (name,) for name in names}
        pivoted = UnresolvedAggregate(
            plan,
            grouping=(UnresolvedStar(except_parts=tuple(used.values())),),
            aggregates=aggregates,
            group_type="pivot",
            pivot_column=column,
            pivot_values=tuple(values),
        )
        return self.table_alias().over(pivoted)

    def _pivot_value(self) -> Expression:
        value = self.expression()
        if self.accept("AS") or self.at_alias():
            return Alias(value, (self.name(),))
        return value

    def _unpivot(self, plan: LogicalPlan) -> LogicalPlan:
        """UNPIVOT keeps every column that it does not fold; NULL values go unless INCLUDE NULLS."""
        self.accept("UNPIVOT")
        include_nulls = self.accept("INCLUDE", "NULLS")
        if not include_nulls:
            self.accept("EXCLUDE", "NULLS")
        self.expect("(")
        if self.token.key == "(":
            raise unsupported("UNPIVOT into several value columns", "Use one UNPIVOT per value column.")
        value_name = self.plain_name()
        self.expect("FOR")
        variable_name = self.plain_name()
        self.expect("IN", "(")
        values = [self._unpivot_column()]
        while self.accept(","):
            values.append(self._unpivot_column())
        self.expect(")")
        self.expect_closing(")")
        folded = tuple(v.child.parts if isinstance(v, Alias) else v.parts for v in values)  # type: ignore[attr-defined]
        ids = (UnresolvedStar(except_parts=folded),)
        result: LogicalPlan = UnresolvedUnpivot(plan, ids, tuple(values), variable_name, value_name)
        if not include_nulls:
            result = Filter(result, UnresolvedFunction("isnotnull", (UnresolvedAttribute((value_name,)),)))
        return self.table_alias().over(result)

    def _unpivot_column(self) -> Alias | UnresolvedAttribute:
        start = self.token
        attribute = UnresolvedAttribute(self.multipart_name(), origin=self.origin(start.start))
        if self.accept("AS") or self.at_alias():
            return Alias(attribute, (self.name(),))
        return attribute

    def lateral_views(self, plan: LogicalPlan) -> LogicalPlan:
        """LATERAL VIEW as the lateral join that it is; OUTER keeps rows that generate nothing."""
        while self.accept("LATERAL", "VIEW"):
            join_type = "left_outer" if self.accept("OUTER") else "inner"
            name = ".".join(self.multipart_name()).lower()
            self.expect("(")
            arguments = self.expressions() if self.token.key != ")" else ()
            self.expect_closing(")")
            alias = self.plain_name() if self._at_view_name() else ""
            columns: list[str] = []
            if self.accept("AS") or (alias and self.at_alias()):
                columns.append(self.plain_name())
                while self.accept(","):
                    columns.append(self.plain_name())
            function: LogicalPlan = UnresolvedTableFunction(name, arguments)
            function = TableAlias(alias or name, tuple(columns)).over(function)
            plan = UnresolvedJoin(plan, function, join_type, lateral=True)
        return plan

    def _at_view_name(self) -> bool:
        return self.token.key != "AS" and self.at_name() and not self._clause_at(0)

    # ---- properties -----------------------------------------------------------------------------

    def properties(self) -> list[tuple[str, str | None]]:
        """`(key = value, ...)`: keys as they stand, values as text, None where there is none."""
        self.expect("(")
        items = [self._property()]
        while self.accept(","):
            items.append(self._property())
        self.expect_closing(")")
        return items

    def _property(self) -> tuple[str, str | None]:
        key = ".".join(self.multipart_name()) if self.at_name() else self.string()
        self.accept("=")
        if self.token.key in {",", ")"}:
            return key, None
        return key, self._property_value()

    def _property_value(self) -> str:
        if self.token.kind is NUMBER or self.token.key in {"TRUE", "FALSE"}:
            return self.advance().text.lower()
        value = self.expression()
        if isinstance(value, Literal) and isinstance(value.type, t.StringType):
            return str(value.value)
        raise unsupported("A computed option value", "Use a string, a number or a boolean.")

    def named_expressions(self) -> tuple[Expression, ...]:
        """Expressions with optional aliases between commas."""
        items = [self.named_expression()]
        while self.accept(","):
            items.append(self.named_expression())
        return tuple(items)
