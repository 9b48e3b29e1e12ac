"""Resolved relations as SQL, cut into stages where a Python step comes between."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from potok.compiler.expressions import Emitter, column_name
from potok.compiler.operators import SelectColumns, ShowRows, TailRows
from potok.compiler.python_windows import windows_in_python
from potok.compiler.subqueries import pull_out_subqueries
from potok.compiler.table_functions import table_function_step
from potok.compiler.user_functions import (
    AggregatePython,
    EvaluatePython,
    aggregate_in_python,
    aggregate_operator,
    cogroup_operator,
    contains_function,
    evaluate_operator,
    group_operator,
    map_operator,
    over_aggregates,
    pull_out_functions,
)
from potok.engine.kernel import Kernel
from potok.engine.pipeline import (
    Input,
    Observation,
    Operator,
    OperatorStage,
    Pipeline,
    SqlStage,
    Stage,
)
from potok.engine.sql_types import sql_type
from potok.errors import SparkError, unsupported
from potok.functions.base import GeneratorFunction
from potok.functions.branches import over_branches
from potok.functions.random_samples import copies_of_rows
from potok.functions.registry import builtin_functions
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Expression,
    GeneratorCall,
    Literal,
    OuterReference,
    SortOrder,
    Subquery,
    next_expr_id,
)
from potok.plan.logical import (
    Aggregate,
    Attributes,
    CoGroupMap,
    CollectMetrics,
    Deduplicate,
    EventTimeWatermark,
    Expand,
    Filter,
    Generate,
    GroupMap,
    Hint,
    Join,
    Limit,
    LocalRelation,
    LogicalPlan,
    MapPartitions,
    Offset,
    OperatorStep,
    Project,
    Range,
    Repartition,
    Sample,
    ScanRelation,
    SetOperation,
    Sort,
    StatefulMap,
    StreamingRelation,
    SubqueryAlias,
    Tail,
    UnaryPlan,
    Window,
    to_attribute,
)
from potok.plan.table_functions import PythonTableFunction
from potok.plan.tree import Node
from potok.plan.unresolved import ShowString
from potok.types import INTEGER, DoubleType, FloatType, StructField, StructType

_names = itertools.count(1)
Needed = frozenset[int]
Leaf = LocalRelation | ScanRelation | StreamingRelation


def compile_plan(plan: LogicalPlan, time_zone: str = "UTC") -> Pipeline:
    """The pipeline of a resolved plan, in the session's time zone. Raises SparkError for what has no meaning in SQL or Python."""
    compilation = _Compilation(time_zone)
    output = plan.output
    if compilation.select(plan, output) is None:
        sql = compilation.query(plan, frozenset(a.expr_id for a in output))
        compilation.add_sql(
            f"SELECT {_list(output)} FROM ({sql})" if output else f"SELECT 1 FROM ({sql})", output
        )
    return Pipeline(
        tuple(compilation.inputs),
        tuple(compilation.stages),
        plan.schema,
        tuple(compilation.observations),
    )


def _branches(plan: SetOperation) -> Iterator[LogicalPlan]:
    """The branches of a UNION ALL and of those among its branches."""
    for branch in plan.branches:
        if isinstance(branch, SetOperation) and branch.operation == "union" and branch.is_all:
            yield from _branches(branch)
        else:
            yield branch


class _Compilation:
    """The stages made so far, and what the SQL under construction reads."""

    def __init__(self, time_zone: str) -> None:
        self._time_zone = time_zone
        self.inputs: list[Input] = []
        self.stages: list[Stage] = []
        self.observations: list[Observation] = []
        self._reads: list[str] = []
        self._kernels: dict[str, Kernel] = {}
        self._uses_now = False

    # ---- stages ----

    def add_sql(self, sql: str, output: Attributes) -> str:
        """Close the SQL under construction as a stage; its name."""
        name = f"potok:stage:{next(_names)}"
        self.stages.append(
            SqlStage(
                name,
                sql,
                tuple(dict.fromkeys(self._reads)),
                _internal_schema(output),
                self._uses_now,
                tuple(self._kernels.values()),
            )
        )
        self._reads, self._kernels, self._uses_now = [], {}, False
        return name

    def add_operator(self, operator: Operator, inputs: Sequence[str], output: Attributes) -> str:
        """Add a Python step; the SQL that reads it."""
        return self._read(self._add_stage(operator, inputs, output), output)

    def _add_stage(self, operator: Operator, inputs: Sequence[str], output: Attributes) -> str:
        name = f"potok:stage:{next(_names)}"
        self.stages.append(OperatorStage(name, operator, tuple(inputs), _internal_schema(output)))
        return name

    def flush(self, plan: LogicalPlan, output: Attributes | None = None) -> str:
        """Make a stage of a plan's rows (just `output` where given); its name."""
        columns = plan.output if output is None else output
        selected = self.select(plan, columns)
        if selected is not None:
            return selected
        outer = self._reads, self._kernels, self._uses_now
        self._reads, self._kernels, self._uses_now = [], {}, False
        sql = self.query(plan, frozenset(a.expr_id for a in columns))
        name = self.add_sql(f"SELECT {_list(columns)} FROM ({sql})", columns)
        self._reads, self._kernels, self._uses_now = outer
        return name

    def select(self, plan: LogicalPlan, output: Attributes) -> str | None:
        """Add a stage that picks columns of a step that was planned elsewhere, where there is nothing to compute; its name."""
        columns: Sequence[Expression] = output
        while isinstance(plan, Project | SubqueryAlias | EventTimeWatermark):
            if isinstance(plan, Project):
                named = {to_attribute(e).expr_id: e for e in plan.expressions}
                columns = [named[to_attribute(c).expr_id] for c in columns]
                columns = [c.child if isinstance(c, Alias) else c for c in columns]
            if not all(isinstance(c, AttributeReference) for c in columns):
                return None
            plan = plan.child
        if not isinstance(plan, OperatorStep) or not output:
            return None
        places = {a.expr_id: i for i, a in enumerate(plan.result)}
        operator = SelectColumns(tuple(places[to_attribute(c).expr_id] for c in columns))
        return self._add_stage(operator, [self._add_step(plan)], output)

    def _add_step(self, plan: OperatorStep) -> str:
        inputs = [self.flush(relation) for relation in plan.relations]
        return self._add_stage(plan.operator, inputs, plan.result)

    def _read(self, name: str, output: Attributes) -> str:
        self._reads.append(name)
        return f'SELECT {_list(output)} FROM "{name}"'

    def _emitter(self) -> Emitter:
        return Emitter(self._subquery)

    def _emit(self, write: Callable[[Emitter], str]) -> str:
        emitter = self._emitter()
        text = write(emitter)
        self._kernels.update(emitter.kernels)
        self._uses_now |= emitter.uses_now
        return text

    def expression(self, expression: Expression) -> str:
        """One expression's SQL."""
        return self._emit(lambda emitter: emitter.emit(expression))

    def _subquery(self, plan: LogicalPlan) -> str:
        sql = self.query(plan, frozenset(a.expr_id for a in plan.output))
        return f"SELECT {_list(plan.output)} FROM ({sql})"

    # ---- relations ----

    def query(self, plan: LogicalPlan, needed: Needed) -> str:
        """SQL that gives at least the needed columns of a plan, named by `column_name`."""
        rule = _RULES.get(type(plan))
        if rule is None:
            raise SparkError("INTERNAL_ERROR", message=f"cannot compile {type(plan).__name__}")
        return rule(self, plan, needed)

    def leaf(self, plan: Leaf, needed: Needed) -> str:
        """Rows from outside, only the columns that are needed."""
        columns = _kept(plan.output, needed) or plan.output[:1]
        if not columns and isinstance(plan, LocalRelation):
            return f"SELECT 1 AS c0 FROM range({plan.table.num_rows})"
        return self._read(self._add_input(plan, columns), columns)

    def _add_input(self, plan: Leaf, columns: Attributes) -> str:
        name = f"potok:input:{next(_names)}"
        match plan:
            case LocalRelation(table=table):
                positions = [i for i, a in enumerate(plan.output) if a in columns]
                entry = Input(name, (), _internal_schema(columns), table.select(positions))
            case ScanRelation(scan=scan):
                entry = Input(name, tuple(a.name for a in columns), _internal_schema(columns), scan)
            case StreamingRelation(source_key=key):
                entry = Input(name, tuple(a.name for a in columns), _internal_schema(columns), key)
        self.inputs.append(entry)
        return name

    def project(self, plan: Project, needed: Needed) -> str:
        """SELECT, without the expressions that nobody reads."""
        named = {to_attribute(e).expr_id: e for e in plan.expressions}
        kept = tuple(e for expr_id, e in named.items() if expr_id in needed)
        pulled = pull_out_functions(plan.child, kept)
        if pulled is not None:
            return self.query(Project(pulled.child, pulled.expressions), needed)
        separate = pull_out_subqueries(plan.child, kept)
        if separate is not None:
            return self.query(Project(*separate), needed)
        child = self.query(plan.child, _references(kept))
        return f"SELECT {self._outputs(kept)} FROM ({child})"

    def filter(self, plan: Filter, needed: Needed) -> str:
        """WHERE."""
        pulled = pull_out_functions(plan.child, (plan.condition,))
        if pulled is not None:
            kept = tuple(a for a in plan.child.output if a.expr_id in needed)
            return self.query(Project(Filter(pulled.child, pulled.expressions[0]), kept), needed)
        separate = pull_out_subqueries(plan.child, (plan.condition,))
        if separate is not None:
            kept = tuple(a for a in plan.child.output if a.expr_id in needed)
            return self.query(Project(Filter(separate[0], separate[1][0]), kept), needed)
        child = self.query(plan.child, needed | _references((plan.condition,)))
        return f"SELECT * FROM ({child}) WHERE {self.expression(plan.condition)}"

    def aggregate(self, plan: Aggregate, needed: Needed) -> str:
        """GROUP BY over columns: grouping expressions are computed below."""
        kept = tuple(e for e in plan.aggregates if to_attribute(e).expr_id in needed)
        keys = tuple(
            g if isinstance(g, AttributeReference) else Alias(g, ("key",), expr_id=next_expr_id())
            for g in plan.grouping
        )
        by_expression = {g: to_attribute(k) for g, k in zip(plan.grouping, keys, strict=True)}
        outputs = tuple(cast("Expression", _replace(e, by_expression)) for e in kept)
        inner = [k for k in keys if isinstance(k, Alias)]
        child: LogicalPlan = plan.child
        if any(isinstance(node, SetOperation) for node in child.walk()):
            outputs = tuple(over_branches(e) for e in outputs)
        if inner:
            child = Project(child, (*child.output, *inner))
        key_attributes = tuple(to_attribute(k) for k in keys)
        in_python = aggregate_in_python(child, key_attributes, outputs)
        if in_python is not None:
            return self.query(in_python, needed)
        above = over_aggregates(child, key_attributes, outputs)
        if above is not None:
            return self.query(above, needed)
        pulled = pull_out_functions(child, outputs)
        if pulled is not None:
            child, outputs = pulled.child, pulled.expressions
        source = _without_negative_zero(
            self.query(child, _references((*outputs, *key_attributes))), key_attributes
        )
        group_by = f" GROUP BY {_list(key_attributes)}" if keys else ""
        return f"SELECT {self._outputs(outputs)} FROM ({source}){group_by}"

    def expand(self, plan: Expand, needed: Needed) -> str:
        """Each row once per projection, its copies one after the other, as in Spark: `first` and lists depend on it."""
        child = self.query(plan.child, _references(e for p in plan.projections for e in p))
        columns = []
        for position, attribute in enumerate(plan.result):
            if attribute.expr_id not in needed:
                continue
            cases = " ".join(
                f"WHEN {number} THEN {self.expression(projection[position])}"
                for number, projection in enumerate(plan.projections)
            )
            columns.append(f"CASE potok_copy {cases} END AS {column_name(attribute.expr_id)}")
        numbers = ", ".join(map(str, range(len(plan.projections))))
        copied = f"SELECT *, UNNEST([{numbers}]) AS potok_copy FROM ({child})"
        return f"SELECT {', '.join(columns) or '1'} FROM ({copied})"

    def window(self, plan: Window, needed: Needed) -> str:
        """Window expressions beside the child's columns."""
        kept = tuple(e for e in plan.expressions if e.expr_id in needed)
        in_python = windows_in_python(plan, kept, self._time_zone)
        if in_python is not None:
            return self.query(in_python, needed)
        pulled = pull_out_functions(plan.child, kept)
        if pulled is not None:
            return self.query(Window(pulled.child, cast("tuple[Alias, ...]", pulled.expressions)), needed)
        child = self.query(plan.child, needed | _references(kept))
        return f"SELECT *{''.join(', ' + self._outputs((e,)) for e in kept)} FROM ({child})"

    def generate(self, plan: Generate, needed: Needed) -> str:
        """A generator's list of structs, unnested."""
        generator = plan.generator
        if isinstance(generator, PythonTableFunction):
            beside = _kept(plan.child.output, needed)
            source, operator = table_function_step(plan, beside)
            return self.add_operator(operator, [self.flush(source)], (*beside, *plan.result))
        pulled = pull_out_functions(plan.child, (generator,))
        if pulled is not None:
            return self.query(Generate(pulled.child, pulled.expressions[0], plan.result, plan.outer), needed)
        if not isinstance(generator, GeneratorCall):
            raise SparkError("INTERNAL_ERROR", message=f"{generator!r} is not a generator")
        function = builtin_functions()[generator.name]
        if not isinstance(function, GeneratorFunction):
            raise SparkError("INTERNAL_ERROR", message=f"{generator.name} is not a generator")
        self._kernels.update({kernel.name: kernel for kernel in function.kernels})
        child_columns = _kept(plan.child.output, needed)
        child = self.query(plan.child, needed | _references(generator.arguments))
        rows = function.emit(generator.arguments, [self.expression(a) for a in generator.arguments])
        if plan.outer or generator.outer or function.outer:
            rows = f"CASE WHEN len({rows}) > 0 THEN {rows} ELSE [NULL] END"
        fields = ", ".join(f"potok_row.f{i} AS {column_name(a.expr_id)}" for i, a in enumerate(plan.result))
        kept = "".join(f"{column_name(a.expr_id)}, " for a in child_columns)
        return f"SELECT {kept}{fields} FROM (SELECT *, unnest({rows}) AS potok_row FROM ({child}))"

    def join(self, plan: Join, needed: Needed) -> str:
        """A join of any type."""
        if plan.condition is not None and contains_function(plan.condition):
            if plan.join_type not in {"inner", "cross"}:
                raise SparkError(
                    "UNSUPPORTED_FEATURE.PYTHON_UDF_IN_ON_CLAUSE", joinType=plan.join_type.upper()
                )
            return self.query(Filter(Join(plan.left, plan.right, "inner"), plan.condition), needed)
        condition = () if plan.condition is None else (plan.condition,)
        both = needed | _references(condition)
        left, right = (
            self.query(plan.left, both | _outer_references(plan.right)),
            self.query(plan.right, both),
        )
        words = _JOIN_WORDS[plan.join_type]
        lateral = "LATERAL " if plan.lateral else ""
        if plan.condition is None:
            words = "CROSS JOIN" if plan.join_type in {"inner", "cross"} else words
        on = "" if words == "CROSS JOIN" else f" ON {self.expression(condition[0]) if condition else 'true'}"
        return f"SELECT * FROM ({left}) AS l {words} {lateral}({right}) AS r{on}"

    def sort(self, plan: Sort, needed: Needed) -> str:
        """ORDER BY."""
        pulled = pull_out_functions(plan.child, plan.order)
        if pulled is not None:
            order = cast("tuple[SortOrder, ...]", pulled.expressions)
            return self.query(Project(Sort(pulled.child, order, plan.is_global), plan.child.output), needed)
        child = self.query(plan.child, needed | _references(plan.order))
        return f"SELECT * FROM ({child}) ORDER BY {self._emit(lambda emitter: emitter.order(plan.order))}"

    def limit(self, plan: Limit, needed: Needed) -> str:
        """LIMIT."""
        return f"SELECT * FROM ({self.query(plan.child, needed)}) LIMIT {self.expression(plan.count)}"

    def offset(self, plan: Offset, needed: Needed) -> str:
        """OFFSET."""
        return f"SELECT * FROM ({self.query(plan.child, needed)}) OFFSET {self.expression(plan.count)}"

    def set_operation(self, plan: SetOperation, needed: Needed) -> str:
        """UNION ALL keeps only what is read; the others compare whole rows."""
        word = plan.operation.upper() + (" ALL" if plan.is_all else "")
        union = word == "UNION ALL"
        positions = [i for i, a in enumerate(plan.result) if not union or a.expr_id in needed] or [0]
        queries = []
        for branch in _branches(plan) if union else plan.branches:
            columns = [branch.output[i] for i in positions]
            names = ", ".join(
                f"{column_name(c.expr_id)} AS {column_name(plan.result[i].expr_id)}"
                for i, c in zip(positions, columns, strict=True)
            )
            queries.append(
                f"(SELECT {names} FROM ({self.query(branch, frozenset(c.expr_id for c in columns))}))"
            )
        if union and len(queries) <= _MOST_NESTED:
            # So the engine reads one after the other, as Spark does: `first` and lists depend on it.
            return f" {word} (".join(queries) + ")" * (len(queries) - 1)
        return f" {word} ".join(queries)

    def deduplicate(self, plan: Deduplicate, needed: Needed) -> str:
        """One row per key."""
        child = self.query(plan.child, needed | frozenset(k.expr_id for k in plan.keys))
        if not plan.keys:
            return f"SELECT * FROM ({child}) LIMIT 1"
        child = _without_negative_zero(child, plan.keys)
        return f"SELECT DISTINCT ON ({_list(plan.keys)}) * FROM ({child})"

    def sample(self, plan: Sample, needed: Needed) -> str:
        """A fraction of the rows, the same for the same seed and rows."""
        copies = copies_of_rows(plan.lower, plan.upper, plan.seed, with_replacement=plan.with_replacement)
        self._kernels[copies.name] = copies
        times = f"{copies.name}_times"
        numbered = f"SELECT *, {copies.name}(row_number() OVER ()) AS {times} FROM ({self.query(plan.child, needed)})"
        if plan.with_replacement:
            return f"SELECT *, unnest(range({times})) AS {copies.name}_copy FROM ({numbered})"
        return f"SELECT * FROM ({numbered}) WHERE {times} = 1"

    def range(self, plan: Range, needed: Needed) -> str:
        """Numbers."""
        del needed
        name = column_name(plan.result[0].expr_id)
        return f"SELECT range AS {name} FROM range({plan.start}::BIGINT, {plan.end}::BIGINT, {plan.step}::BIGINT)"

    # ---- Python between ----

    def evaluate(self, plan: EvaluatePython, needed: Needed) -> str:
        """Python functions of a row, their results beside the child's columns."""
        kept = _kept(plan.child.output, needed | _references(f for f, _ in plan.functions))
        operator = evaluate_operator(plan, kept, self._time_zone)
        return self.add_operator(operator, [self.flush(plan.child, kept)], (*kept, *plan.results))

    def aggregate_python(self, plan: AggregatePython, needed: Needed) -> str:
        """Grouped aggregate functions in Python."""
        del needed
        operator = aggregate_operator(plan, self._time_zone)
        return self.add_operator(operator, [self.flush(plan.child)], plan.output)

    def map_partitions(self, plan: MapPartitions, needed: Needed) -> str:
        """MapInPandas and mapInArrow."""
        del needed
        return self.add_operator(map_operator(plan, self._time_zone), [self.flush(plan.child)], plan.result)

    def group_map(self, plan: GroupMap, needed: Needed) -> str:
        """ApplyInPandas over groups."""
        del needed
        child, operator = group_operator(plan, self._time_zone)
        return self.add_operator(operator, [self.flush(child)], plan.result)

    def cogroup_map(self, plan: CoGroupMap, needed: Needed) -> str:
        """ApplyInPandas over groups of two frames."""
        del needed
        left, right, operator = cogroup_operator(plan, self._time_zone)
        return self.add_operator(operator, [self.flush(left), self.flush(right)], plan.result)

    def operator_step(self, plan: OperatorStep, needed: Needed) -> str:
        """A step that was planned elsewhere."""
        del needed
        return self._read(self._add_step(plan), plan.result)

    def show_string(self, plan: ShowString, needed: Needed) -> str:
        """The text of a table."""
        del needed
        limited = Limit(plan.child, _count(max(plan.num_rows, 0) + 1))
        operator = ShowRows(
            plan.child.schema, plan.num_rows, plan.truncate, plan.vertical, plan.html, self._time_zone
        )
        return self.add_operator(operator, [self.flush(limited)], plan.output)

    def tail(self, plan: Tail, needed: Needed) -> str:
        """The last rows."""
        kept = _kept(plan.child.output, needed) or plan.child.output
        if not isinstance(plan.count, Literal):
            raise SparkError("INTERNAL_ERROR", message="tail needs a number")
        return self.add_operator(TailRows(plan.count.value), [self.flush(plan.child, kept)], kept)

    def collect_metrics(self, plan: CollectMetrics, needed: Needed) -> str:
        """Rows pass; aggregates over them are a stage of their own."""
        kept = _kept(plan.child.output, needed | _references(plan.metrics)) or plan.child.output
        # Rows from outside are read twice rather than copied.
        below = plan.child
        while isinstance(below, SubqueryAlias | EventTimeWatermark):
            below = below.child
        if isinstance(below, Leaf) and kept:
            columns = _kept(below.output, frozenset(a.expr_id for a in kept))
            name = self._add_input(below, columns)
        else:
            name = self.flush(plan.child, kept)
        outer = self._reads, self._kernels, self._uses_now
        self._reads, self._kernels, self._uses_now = [], {}, False
        sql = f"SELECT {self._outputs(plan.metrics)} FROM ({self._read(name, kept)})"
        attributes = tuple(to_attribute(e) for e in plan.metrics)
        stage = self.add_sql(sql, attributes)
        self._reads, self._kernels, self._uses_now = outer
        schema = StructType(tuple(a.to_field() for a in attributes))
        self.observations.append(Observation(plan.name, stage, schema))
        return self._read(name, kept)

    def stateful(self, plan: LogicalPlan, needed: Needed) -> str:
        """Operators with state have no stage yet."""
        del needed
        raise unsupported(f"{type(plan).__name__} with state", "Use a stateless query.")

    def through(self, plan: UnaryPlan, needed: Needed) -> str:
        """Nodes that change no rows."""
        return self.query(plan.child, needed)

    def _outputs(self, expressions: Iterable[Expression]) -> str:
        columns = [
            column_name(e.expr_id)
            if isinstance(e, AttributeReference)
            else f"{self.expression(e)} AS {column_name(to_attribute(e).expr_id)}"
            for e in expressions
        ]
        return ", ".join(columns) or "1 AS c0"


# Branches of a union within one another; more would be too deep for the engine's parser.
_MOST_NESTED = 100
_JOIN_WORDS = {
    "inner": "JOIN",
    "cross": "JOIN",
    "left_outer": "LEFT JOIN",
    "right_outer": "RIGHT JOIN",
    "full_outer": "FULL JOIN",
    "left_semi": "SEMI JOIN",
    "left_anti": "ANTI JOIN",
}

_RULES: dict[type[LogicalPlan], Callable[..., str]] = {
    LocalRelation: _Compilation.leaf,
    ScanRelation: _Compilation.leaf,
    StreamingRelation: _Compilation.leaf,
    Project: _Compilation.project,
    Filter: _Compilation.filter,
    Aggregate: _Compilation.aggregate,
    Expand: _Compilation.expand,
    Window: _Compilation.window,
    Generate: _Compilation.generate,
    Join: _Compilation.join,
    Sort: _Compilation.sort,
    Limit: _Compilation.limit,
    Offset: _Compilation.offset,
    SetOperation: _Compilation.set_operation,
    Deduplicate: _Compilation.deduplicate,
    Sample: _Compilation.sample,
    Range: _Compilation.range,
    EvaluatePython: _Compilation.evaluate,
    AggregatePython: _Compilation.aggregate_python,
    MapPartitions: _Compilation.map_partitions,
    GroupMap: _Compilation.group_map,
    CoGroupMap: _Compilation.cogroup_map,
    OperatorStep: _Compilation.operator_step,
    ShowString: _Compilation.show_string,
    Tail: _Compilation.tail,
    CollectMetrics: _Compilation.collect_metrics,
    EventTimeWatermark: _Compilation.through,
    StatefulMap: _Compilation.stateful,
    SubqueryAlias: _Compilation.through,
    Repartition: _Compilation.through,
    Hint: _Compilation.through,
}


def _internal_schema(output: Attributes) -> StructType:
    return StructType(tuple(StructField(column_name(a.expr_id), a.type, True) for a in output))  # noqa: FBT003 - nullable


def _list(attributes: Iterable[AttributeReference]) -> str:
    return ", ".join(column_name(a.expr_id) for a in attributes) or "1 AS c0"


def _kept(attributes: Attributes, needed: Needed) -> Attributes:
    return tuple(a for a in attributes if a.expr_id in needed)


def _references(expressions: Iterable[Expression]) -> Needed:
    """The ids of all columns that expressions read, those of their subqueries' outer columns included."""
    found: set[int] = set()
    for expression in expressions:
        for node in expression.walk():
            if isinstance(node, AttributeReference):
                found.add(node.expr_id)
    return frozenset(found)


def _outer_references(plan: LogicalPlan) -> Needed:
    return frozenset(n.attribute.expr_id for n in plan.walk() if isinstance(n, OuterReference))


def _replace(node: Node, replacements: dict[Expression, AttributeReference]) -> Node:
    """The tree with expressions replaced, those below subqueries aside."""
    if isinstance(node, Subquery) or not isinstance(node, Expression):
        return node
    found = replacements.get(node)
    return found if found is not None else node.map_children(lambda c: _replace(c, replacements), Expression)


def _without_negative_zero(query: str, keys: Attributes) -> str:
    """The rows with 0.0 for -0.0 in the keys: both are one group, and Spark gives it the former name."""
    changed = ", ".join(
        f"CAST({column_name(k.expr_id)} + 0.0 AS {sql_type(k.type)}) AS {column_name(k.expr_id)}"
        for k in keys
        if isinstance(k.type, DoubleType | FloatType)
    )
    return f"SELECT * REPLACE ({changed}) FROM ({query})" if changed else query


def _count(number: int) -> Literal:
    return Literal(number, INTEGER)
