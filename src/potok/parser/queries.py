"""Queries: SELECT and its clauses, set operations, common table expressions, pipes.

Source of fact: Spark 4.3's rules `query`, `queryTerm`, `querySpecification` and `operatorPipeRightSide`.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

from potok import types as t
from potok.errors import Origin, SparkError, unsupported
from potok.parser.relations import ONE_ROW, RelationParser
from potok.plan.expressions import (
    Alias,
    Cast,
    Expression,
    Literal,
    SortOrder,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedOrdinal,
    UnresolvedStar,
    UnresolvedSubquery,
    WindowExpression,
)
from potok.plan.logical import (
    Filter,
    Hint,
    Limit,
    LogicalPlan,
    Offset,
    Project,
    Repartition,
    Sort,
    SubqueryAlias,
)
from potok.plan.tree import Node
from potok.plan.unresolved import (
    Drop,
    RecursionLimit,
    UnresolvedAggregate,
    UnresolvedDeduplicate,
    UnresolvedSetOperation,
    With,
    WithColumns,
)
from potok.tokens import STRING, ParseError, Token

_QUALIFY_COLUMN = "__qualify"
_PREDICATES = frozenset({
    "and", "or", "not", "==", "<=>", "<", "<=", ">", ">=", "in", "like", "rlike", "isnull", "isnotnull",
})  # fmt: skip
_WINDOW_DOCS = "https://spark.apache.org/docs/latest"
GroupingSets = tuple[tuple[Expression, ...], ...]


class QueryParser(RelationParser):
    """The rules of queries."""

    def query(self) -> LogicalPlan:
        """A query with its WITH, ORDER BY and LIMIT."""
        if self.token.key != "WITH":
            return self._query_body()
        start = self.token
        relations, is_recursive = self.named_queries()
        plan = With(self._query_body(), relations, is_recursive)
        self._check_names(start, [name for name, _ in relations])
        return plan

    def _check_names(self, start: Token, names: list[str]) -> None:
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            shown = ", ".join(f"`{name}`" for name in repeated)
            self.defer(
                ParseError("DUPLICATED_CTE_NAMES", origin=self.origin(start.start), duplicateNames=shown)
            )

    def named_queries(self) -> tuple[tuple[tuple[str, LogicalPlan], ...], bool]:
        """WITH and its (name, query) pairs, and whether they are RECURSIVE."""
        self.expect("WITH")
        is_recursive = self.accept("RECURSIVE")
        relations = [self._named_query()]
        while self.accept(","):
            relations.append(self._named_query())
        return tuple(relations), is_recursive

    def _query_body(self) -> LogicalPlan:
        plan = self._organized(self._set_operations())
        while self.token.key == "|>":
            self.advance()
            plan = self._pipe(plan)
        return plan

    def _named_query(self) -> tuple[str, LogicalPlan]:
        name = self.name()
        columns = self.name_list() if self.token.key == "(" and not self.query_starts(1) else ()
        levels: int | None = None
        if self.accept("MAX", "RECURSION", "LEVEL"):
            levels = int(self.advance().text)
        self.accept("AS")
        self.expect("(")
        plan = self.query()
        self.expect_closing(")")
        query = SubqueryAlias(plan, name, (), columns) if columns else plan
        return name, query if levels is None else RecursionLimit(query, levels)

    # ---- set operations -------------------------------------------------------------------------

    def _set_operations(self) -> LogicalPlan:
        start = self.token
        plan = self._intersections()
        while self.token.key in {"UNION", "EXCEPT", "MINUS"} and self._set_operation_follows():
            operation = "union" if self.advance().key == "UNION" else "except"
            is_all = self._quantifier()
            plan = UnresolvedSetOperation(plan, self._intersections(), operation, is_all)
            plan = replace(plan, origin=self.origin(start.start))
        return plan

    def _intersections(self) -> LogicalPlan:
        start = self.token
        plan = self._primary_query()
        while self.token.key == "INTERSECT" and self._set_operation_follows():
            self.advance()
            is_all = self._quantifier()
            plan = UnresolvedSetOperation(plan, self._primary_query(), "intersect", is_all)
            plan = replace(plan, origin=self.origin(start.start))
        return plan

    def _set_operation_follows(self) -> bool:
        return self.peek().key not in {")", ";", ","}

    def _quantifier(self) -> bool:
        is_all = self.accept("ALL")
        if not is_all:
            self.accept("DISTINCT")
        return is_all

    def _primary_query(self) -> LogicalPlan:
        key = self.token.key
        if key == "SELECT":
            return self._select(None)
        if key == "(":
            self.advance()
            plan = self.query()
            self.expect_closing(")")
            return plan
        if key == "FROM":
            return self._from_statement()
        if key == "VALUES":
            return self.inline_table()
        if key == "TABLE":
            self.advance()
            return self.named_relation()
        if key not in {"MAP", "REDUCE"}:
            self.fail()
        raise unsupported(f"{key} .. USING 'script'", "Use a Python function.")

    def _from_statement(self) -> LogicalPlan:
        self.expect("FROM")
        source = self.from_clause()
        if self.token.key != "SELECT":
            if self.token.key == "INSERT":
                raise unsupported("FROM .. INSERT", "Use INSERT INTO .. SELECT.")
            return Project(source, (UnresolvedStar(),)) if self.token.key != "|>" else source
        plan = self._organized(self._select(source))
        while self.token.key == "SELECT":
            plan = UnresolvedSetOperation(plan, self._organized(self._select(source)), "union")
        return plan

    # ---- SELECT ---------------------------------------------------------------------------------

    def _select(self, source: LogicalPlan | None) -> LogicalPlan:
        start = self.token
        self.expect("SELECT")
        if self.at("TRANSFORM", "(") and self._at_script_transform():
            raise unsupported("SELECT TRANSFORM .. USING 'script'", "Use a Python function.")
        hints = self._hints()
        is_distinct = False
        if self.token.key in {"DISTINCT", "ALL"} and not self._quantifier_is_name():
            is_distinct = self.advance().key == "DISTINCT"
        outputs = self.named_expressions()
        plan = source or ONE_ROW
        if source is None and self.accept("FROM"):
            plan = self.from_clause()
        plan = self.lateral_views(plan)
        if self.accept("WHERE"):
            plan = Filter(plan, self.expression(), origin=self.origin(start.start))
        aggregate = self._aggregation(plan, outputs) if self.at("GROUP", "BY") else None
        having = self._having() if self.accept("HAVING") else None
        qualify = self.expression() if self.accept("QUALIFY") else None
        windows = self._window_clause()
        if aggregate is None and having is not None:
            aggregate = UnresolvedAggregate(plan, (), outputs, include_grouping=False)
        plan = Project(plan, outputs) if aggregate is None else replace(aggregate, having=having)
        if qualify is not None:
            plan = self._qualified(plan, qualify)
        if self._uses_window_names(plan) or windows:
            plan = self._with_windows(plan, windows)
        plan = replace(plan, origin=self.origin(start.start))
        if is_distinct:
            plan = UnresolvedDeduplicate(plan, origin=plan.origin)
        for name, parameters in reversed(hints):
            plan = Hint(plan, name, parameters)
        return plan

    def _having(self) -> Expression:
        """The condition behind HAVING; Spark casts what is no predicate to BOOLEAN."""
        start = self.token
        condition = self.expression()
        if isinstance(condition, UnresolvedFunction) and condition.name in _PREDICATES:
            return condition
        if isinstance(condition, UnresolvedSubquery) and condition.kind != "scalar":
            return condition
        return Cast(condition, t.BOOLEAN, explicit=False, origin=self.origin(start.start))

    def _quantifier_is_name(self) -> bool:
        return self.peek().key in {",", ")", "<END>", ".", ";", "FROM"} and (
            self.peek().key != "FROM" or self.token.key == "ALL"
        )

    def _at_script_transform(self) -> bool:
        """Whether USING 'script' closes the TRANSFORM, which otherwise is the function."""
        depth, distance = 0, 1
        while True:
            token = self.peek(distance)
            depth += (token.key == "(") - (token.key == ")")
            if depth == 0 or token.key == "<END>":
                behind = self.peek(distance + 1).key
                return behind in {"ROW", "RECORDWRITER"} or (
                    behind == "USING" and self.peek(distance + 2).kind is STRING
                )
            distance += 1

    def _hints(self) -> list[tuple[str, tuple[Expression, ...]]]:
        hints: list[tuple[str, tuple[Expression, ...]]] = []
        while self.accept("/*+"):
            while not self.accept("*/"):
                name = self.plain_name()
                parameters: tuple[Expression, ...] = ()
                if self.accept("("):
                    parameters = self.expressions()
                    self.expect_closing(")")
                hints.append((name, parameters))
                self.accept(",")
        return hints

    def _qualified(self, plan: LogicalPlan, condition: Expression) -> LogicalPlan:
        """QUALIFY as a column that is computed with the others, tested, and dropped."""
        column = Alias(condition, (_QUALIFY_COLUMN,))
        if isinstance(plan, UnresolvedAggregate):
            computed: LogicalPlan = replace(plan, aggregates=(*plan.aggregates, column))
        else:
            assert isinstance(plan, Project)  # noqa: S101 - SELECT makes these two
            computed = replace(plan, expressions=(*plan.expressions, column))
        kept = Filter(computed, UnresolvedAttribute((_QUALIFY_COLUMN,)))
        return Drop(kept, names=(_QUALIFY_COLUMN,))

    # ---- windows --------------------------------------------------------------------------------

    def _window_clause(self) -> dict[str, WindowExpression]:
        windows: dict[str, WindowExpression] = {}
        if self.token.key != "WINDOW" or self.peek(2).key != "AS":
            return windows
        start = self.advance()
        while True:
            name = self.name()
            self.expect("AS")
            if name in windows:
                condition = "INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION"
                self.defer(ParseError(condition, origin=self.origin(start.start), windowName=f"`{name}`"))
            windows[name] = self.window_spec(UnresolvedStar())
            if not self.accept(","):
                return windows

    def _uses_window_names(self, plan: LogicalPlan) -> bool:
        return "OVER" in self.text.upper() and any(
            isinstance(node, WindowExpression) and node.name is not None for node in _own_expressions(plan)
        )

    def _with_windows(self, plan: LogicalPlan, windows: dict[str, WindowExpression]) -> LogicalPlan:
        """The plan with `OVER name` replaced by what the WINDOW clause says."""

        def change(node: Node) -> Node:
            node = node.map_children(change, Expression)
            if isinstance(node, WindowExpression) and node.name is not None:
                return self._named_window(node, windows)
            return node

        def change_plan(node: LogicalPlan) -> LogicalPlan:
            if isinstance(node, Drop | Filter):
                return replace(node, child=change_plan(node.child))
            return node.map_children(change, Expression)

        return change_plan(plan)

    def _named_window(self, use: WindowExpression, windows: dict[str, WindowExpression]) -> WindowExpression:
        name: str | None = use.name
        seen: set[str] = set()
        while name is not None and name not in seen:
            seen.add(name)
            found = windows.get(name)
            if found is None:
                raise SparkError("MISSING_WINDOW_SPECIFICATION", windowName=name, docroot=_WINDOW_DOCS)
            if found.name is None:
                return replace(found, function=use.function)
            name = found.name
        raise ParseError(
            "INVALID_SQL_SYNTAX.INVALID_WINDOW_REFERENCE", sql_text=self.text, windowName=f"`{use.name}`"
        )

    # ---- GROUP BY -------------------------------------------------------------------------------

    def _aggregation(self, plan: LogicalPlan, outputs: tuple[Expression, ...]) -> UnresolvedAggregate:
        self.expect("GROUP", "BY")
        elements = [self._group_element()]
        while self.accept(","):
            elements.append(self._group_element())
        grouping = tuple(e for element in elements for s in element[1] for e in s)
        analytic = any(kind != "groupby" for kind, _ in elements)
        if not analytic and self.accept("WITH", "ROLLUP"):
            return self._aggregate(plan, outputs, grouping, "rollup")
        if not analytic and self.accept("WITH", "CUBE"):
            return self._aggregate(plan, outputs, grouping, "cube")
        if not analytic and self.accept("GROUPING", "SETS"):
            return self._aggregate(plan, outputs, grouping, "grouping_sets", self._grouping_sets())
        if not analytic:
            return self._aggregate(plan, outputs, grouping, "groupby")
        if len(elements) == 1:
            kind, groups = elements[0]
            if kind in {"rollup", "cube"} and all(len(group) == 1 for group in groups):
                return self._aggregate(plan, outputs, grouping, kind)
        sets = tuple(
            _without_repeats(itertools.chain.from_iterable(combination))
            for combination in itertools.product(*(_sets_of(kind, groups) for kind, groups in elements))
        )
        return self._aggregate(plan, outputs, _without_repeats(grouping), "grouping_sets", sets)

    def _aggregate(
        self,
        plan: LogicalPlan,
        outputs: tuple[Expression, ...],
        grouping: tuple[Expression, ...],
        kind: str,
        sets: GroupingSets = (),
    ) -> UnresolvedAggregate:
        return UnresolvedAggregate(
            plan, grouping, outputs, group_type=kind, grouping_sets=sets, include_grouping=False
        )

    def _group_element(self) -> tuple[str, GroupingSets]:
        """One item of GROUP BY: its kind, and its expressions in groups."""
        if self.token.key in {"ROLLUP", "CUBE"} and self.peek().key == "(":
            kind = self.advance().key.lower()
            return kind, self._groups()
        if self.at("GROUPING", "SETS", "("):
            self.accept("GROUPING", "SETS")
            return "grouping_sets", self._grouping_sets()
        return "groupby", ((self._grouping_expression(),),)

    def _groups(self) -> GroupingSets:
        self.expect("(")
        groups = [self._grouping_set()]
        while self.accept(","):
            groups.append(self._grouping_set())
        self.expect_closing(")")
        return tuple(groups)

    def _grouping_sets(self) -> GroupingSets:
        """`(a, (b, c), (), ROLLUP(d))` with nested analytics written out."""
        self.expect("(")
        sets: list[tuple[Expression, ...]] = []
        while True:
            nested = self.token.key in {"ROLLUP", "CUBE", "GROUPING"} and self.peek().key in {"(", "SETS"}
            if nested:
                sets.extend(_sets_of(*self._group_element()))
            else:
                sets.append(self._grouping_set())
            if not self.accept(","):
                break
        self.expect_closing(")")
        return tuple(sets)

    def _grouping_set(self) -> tuple[Expression, ...]:
        if self.accept("(", ")"):
            return ()
        value = self._grouping_expression()
        if isinstance(value, UnresolvedFunction) and value.name == "struct":
            return value.arguments
        return (value,)

    def _grouping_expression(self) -> Expression:
        start = self.token
        return _ordinal(self.expression(), self.origin(start.start))

    # ---- ORDER BY, LIMIT ------------------------------------------------------------------------

    def _organized(self, plan: LogicalPlan) -> LogicalPlan:
        start = self.token
        if self.accept("ORDER", "BY"):
            plan = Sort(plan, self._ordering(), origin=self.origin(start.start))
        if self.accept("CLUSTER", "BY"):
            keys = self.expressions()
            plan = Sort(Repartition(plan, None, keys), tuple(SortOrder(key) for key in keys), is_global=False)
        if self.accept("DISTRIBUTE", "BY"):
            plan = Repartition(plan, None, self.expressions())
        if self.accept("SORT", "BY"):
            plan = Sort(plan, self._ordering(), is_global=False)
        windows = self._window_clause()
        if windows:
            plan = self._with_windows(plan, windows)
        limit: Expression | None = None
        if self.accept("LIMIT") and not self.accept("ALL"):
            start = self.token
            limit = self.expression()
        place = self.origin(start.start)
        if self.accept("OFFSET"):
            start = self.token
            plan = Offset(plan, self.expression(), origin=self.origin(start.start))
        return plan if limit is None else Limit(plan, limit, origin=place)

    def _ordering(self) -> tuple[SortOrder, ...]:
        items = []
        while True:
            start = self.token
            item = self.sort_item()
            items.append(replace(item, child=_ordinal(item.child, self.origin(start.start))))
            if not self.accept(","):
                return tuple(items)

    # ---- pipes ----------------------------------------------------------------------------------

    def _pipe(self, plan: LogicalPlan) -> LogicalPlan:
        key = self.token.key
        if key == "SELECT":
            return self._select_of(plan)
        if key == "WHERE":
            self.advance()
            return Filter(plan, self.expression())
        if key == "EXTEND":
            self.advance()
            return Project(plan, (UnresolvedStar(), *self.named_expressions()))
        if key == "SET":
            return self._pipe_set(plan)
        if key == "DROP":
            self.advance()
            names = [self.name()]
            while self.accept(","):
                names.append(self.name())
            return Drop(plan, tuple(UnresolvedAttribute((name,)) for name in names))
        if key == "AS":
            self.advance()
            return SubqueryAlias(plan, self.name())
        if key == "AGGREGATE":
            return self._pipe_aggregate(plan)
        if key in {"UNION", "EXCEPT", "MINUS", "INTERSECT"}:
            operation = {"UNION": "union", "INTERSECT": "intersect"}.get(self.advance().key, "except")
            is_all = self._quantifier()
            return UnresolvedSetOperation(plan, self._primary_query(), operation, is_all)
        if key in {"ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "LIMIT", "OFFSET"}:
            return self._organized(plan)
        extended = self._joins(self._sampled(plan))
        if extended is plan:
            extended = self.lateral_views(plan)
        if extended is plan:
            self.fail()
        return extended

    def _select_of(self, plan: LogicalPlan) -> LogicalPlan:
        self.expect("SELECT")
        is_distinct = self.accept("DISTINCT")
        projected = Project(plan, self.named_expressions())
        return UnresolvedDeduplicate(projected) if is_distinct else projected

    def _pipe_set(self, plan: LogicalPlan) -> LogicalPlan:
        self.expect("SET")
        while True:
            name = self.name()
            self.expect("=")
            plan = WithColumns(plan, (Alias(self.expression(), (name,)),))
            if not self.accept(","):
                return plan

    def _pipe_aggregate(self, plan: LogicalPlan) -> LogicalPlan:
        self.expect("AGGREGATE")
        at_group = self.at("GROUP", "BY")
        aggregates = () if at_group else self.named_expressions()
        if not self.accept("GROUP", "BY"):
            return UnresolvedAggregate(plan, (), aggregates, include_grouping=False)
        keys = self.named_expressions()
        grouping = tuple(key.child if isinstance(key, Alias) else key for key in keys)
        return UnresolvedAggregate(plan, grouping, (*keys, *aggregates), include_grouping=False)


def _own_expressions(plan: LogicalPlan) -> list[Node]:
    """The expressions of a SELECT's own nodes, subqueries left out."""
    while isinstance(plan, Drop | Filter):
        plan = plan.child
    return [node for child in plan.children(Expression) for node in child.walk()]


def _ordinal(value: Expression, origin: Origin) -> Expression:
    if isinstance(value, Literal) and value.type == t.INTEGER:
        return UnresolvedOrdinal(value.value, origin)
    return value


def _without_repeats(items: object) -> tuple[Expression, ...]:
    return tuple(dict.fromkeys(items))  # type: ignore[call-overload]  # any iterable of expressions


def _sets_of(kind: str, groups: GroupingSets) -> GroupingSets:
    """The grouping sets that an item of GROUP BY stands for."""
    if kind == "rollup":
        return tuple(tuple(e for g in groups[:size] for e in g) for size in range(len(groups), -1, -1))
    if kind == "cube":
        return tuple(
            tuple(e for g in combination for e in g)
            for size in range(len(groups), -1, -1)
            for combination in itertools.combinations(groups, size)
        )
    return groups
