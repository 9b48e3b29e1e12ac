"""Statements about functions in SQL, variables, and the properties of tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from potok.analysis.pretty import full_sql
from potok.errors import Origin, SparkError
from potok.functions.registry import builtin_functions
from potok.plan import statements as s
from potok.plan.expressions import (
    Cast,
    Expression,
    Literal,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedSubquery,
    WindowExpression,
)
from potok.plan.logical import LocalRelation, LogicalPlan
from potok.plan.sql_functions import SqlFunction, SqlVariable
from potok.plan.unresolved import UnresolvedInlineTable, UnresolvedTableFunction
from potok.session import local_rows as r
from potok.session.tables import DEFAULT_CATALOG, TableDefinition, check_columns, quoted
from potok.types import NULL, DataType, StructType, struct_as_nullable

if TYPE_CHECKING:
    from potok.session.session import Session

_SESSION = (("session",), ("system", "session"))


def _done() -> LocalRelation:
    return r.local_rows(r.NOTHING, ())


# ---- variables ----------------------------------------------------------------------------------


def _variable_name(parts: Sequence[str]) -> str:
    """The name of a variable in lower case. Raises UNRESOLVED_VARIABLE for another schema than the session's."""
    *qualifier, name = (p.lower() for p in parts)
    if qualifier and tuple(qualifier) not in _SESSION:
        raise SparkError("UNRESOLVED_VARIABLE", variableName=quoted(parts), searchPath="[`system`.`session`]")
    return name


def _full_name(name: str) -> str:
    return quoted(("system", "session", name))


def _evaluated(
    session: Session, value: Expression, data_type: DataType | None, origin: Origin | None = None
) -> Literal:
    """The value of an expression over no columns, in a type."""
    wanted = value if data_type is None else Cast(value, data_type, explicit=False, origin=origin)
    row = UnresolvedInlineTable(((wanted,),))
    (found,) = session.literal_rows(session.analyze(row))
    return found[0]


def _create_variable(session: Session, statement: s.CreateVariable) -> LocalRelation:
    name = _variable_name(statement.name)
    if name in session.variables and not statement.replace:
        raise SparkError("VARIABLE_ALREADY_EXISTS", variableName=_full_name(name))
    default = statement.default if statement.default is not None else Literal(None, statement.type or NULL)
    if any(isinstance(node, UnresolvedSubquery) for node in default.walk()):
        raise SparkError(
            "INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION",
            statement="DECLARE VARIABLE",
            colName=_full_name(name),
            defaultValue=statement.default_text,
        )
    value = _evaluated(session, default, statement.type)
    session.variables[name] = SqlVariable(value, default)
    return _done()


def _set_variables(session: Session, statement: s.SetVariable) -> LocalRelation:
    names = [_variable_name(parts) for parts, _ in statement.assignments]
    for name, (parts, _) in zip(names, statement.assignments, strict=True):
        if name not in session.variables:
            path = [
                ("system", "builtin"),
                ("system", "session"),
                (DEFAULT_CATALOG, session.catalog.current_database),
            ]
            shown = ", ".join(quoted(p) for p in path)
            raise SparkError("UNRESOLVED_VARIABLE", variableName=quoted(parts), searchPath=f"[{shown}]")
    repeated = [n for i, n in enumerate(names) if n in names[:i]]
    if repeated:
        raise SparkError("DUPLICATE_ASSIGNMENTS", nameList=quoted(repeated[:1]))
    if statement.plan is not None:
        values = _row_of(session, statement.plan, names)
    else:
        values = []
        for name, (_, expression) in zip(names, statement.assignments, strict=True):
            variable = session.variables[name]
            asks_default = isinstance(expression, UnresolvedAttribute) and expression.parts == ("DEFAULT",)
            source = variable.default if asks_default else expression
            values.append(_evaluated(session, source, variable.value.type, statement.whole))
    for name, value in zip(names, values, strict=True):
        session.variables[name] = replace(session.variables[name], value=value)
    return _done()


def _row_of(session: Session, plan: LogicalPlan, names: Sequence[str]) -> list[Literal]:
    """The one row of a query, NULLs where it has none, in the types of variables."""
    resolved = session.analyze(plan)
    if len(resolved.output) != len(names):
        raise SparkError("ASSIGNMENT_ARITY_MISMATCH", numExpr=len(names), numTarget=len(resolved.output))
    types = [session.variables[n].value.type for n in names]
    rows = session.literal_rows(resolved)
    if len(rows) > 1:
        raise SparkError("ROW_SUBQUERY_TOO_MANY_ROWS")
    if not rows:
        return [Literal(None, t) for t in types]
    return [_evaluated(session, v, t) for v, t in zip(rows[0], types, strict=True)]


def _drop_variable(session: Session, statement: s.DropVariable) -> LocalRelation:
    name = _variable_name(statement.name)
    if session.variables.pop(name, None) is None and not statement.if_exists:
        raise SparkError("VARIABLE_NOT_FOUND", variableName=_full_name(name))
    return _done()


# ---- functions ----------------------------------------------------------------------------------


def _create_function(session: Session, statement: s.CreateFunction) -> LocalRelation:
    function = statement.function
    name = function.name
    names = [p.name.lower() for p in function.parameters]
    repeated = [n for i, n in enumerate(names) if n in names[:i]]
    if repeated:
        raise SparkError(
            "DUPLICATE_ROUTINE_PARAMETER_NAMES",
            routineName=name,
            names=", ".join(quoted((n,)) for n in repeated),
        )
    if name in session.sql_functions and not statement.replace:
        if statement.if_not_exists:
            return _done()
        shown = (
            quoted((name,)) if statement.is_temporary else quoted((session.catalog.current_database, name))
        )
        raise SparkError(
            "ROUTINE_ALREADY_EXISTS",
            routineName=shown,
            newRoutineType="routine",
            existingRoutineType="routine",
        )
    _check_body(session, function)
    database = session.catalog.current_database
    qualifier = "" if statement.is_temporary else f"{DEFAULT_CATALOG}.{database}."
    session.sql_functions[name] = replace(function, qualifier=qualifier)
    if not statement.is_temporary:
        session.permanent_functions.add(name)
    return _done()


def _check_body(session: Session, function: SqlFunction) -> None:
    """The body is analysed once, over NULLs. Raises what it raises, and for functions that a body cannot have."""
    arguments = tuple(Literal(None, p.type) for p in function.parameters)
    trial = {**session.sql_functions, function.name: function}
    if function.is_table:
        session.analyze_with(UnresolvedTableFunction(function.name, arguments), trial)
        return
    body = function.body
    if isinstance(body, Expression):
        calls = [n for n in _own_nodes(body) if isinstance(n, UnresolvedFunction | WindowExpression)]
        bad = [n for n in calls if isinstance(n, WindowExpression) or _is_aggregate(n.name)]
        if bad:
            raise SparkError(
                "USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS",
                queryText=", ".join(full_sql(n) for n in bad),
            )
    call = UnresolvedFunction(function.name, arguments)
    try:
        session.analyze_with(UnresolvedInlineTable(((call,),)), trial)
    except SparkError as error:
        if error.condition != "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION" or not function.parameters:
            raise
        known = ", ".join(quoted((p.name,)) for p in function.parameters)
        name = error.parameters["objectName"]
        raise SparkError("UNRESOLVED_COLUMN.WITH_SUGGESTION", objectName=name, proposal=known) from error


def _own_nodes(expression: Expression) -> Iterator[Expression]:
    """The expression and what is in it, without its subqueries."""
    yield expression
    for child in expression.children(Expression):
        if isinstance(child, Expression):
            yield from _own_nodes(child)


def _is_aggregate(name: str) -> bool:
    from potok.functions.base import AggregateFunction, GeneratorFunction, WindowFunction

    return isinstance(builtin_functions().get(name), AggregateFunction | GeneratorFunction | WindowFunction)


def _drop_function(session: Session, statement: s.DropFunction) -> LocalRelation:
    name = statement.name[-1].lower()
    is_permanent = name in session.permanent_functions
    if name in session.sql_functions and is_permanent != statement.is_temporary:
        del session.sql_functions[name]
        session.permanent_functions.discard(name)
    elif name in builtin_functions() and len(statement.name) == 1:
        raise SparkError(
            "FORBIDDEN_OPERATION", statement="DROP", objectType="FUNCTION", objectName=quoted((name,))
        )
    elif not statement.if_exists:
        shown = (name,) if statement.is_temporary else (session.catalog.current_database, name)
        raise SparkError("ROUTINE_NOT_FOUND", routineName=quoted(shown))
    return _done()


# ---- properties ---------------------------------------------------------------------------------


def _definition(session: Session, name: tuple[str, ...]) -> TableDefinition | None:
    """The table or permanent view; None for a temporary view. Raises TABLE_OR_VIEW_NOT_FOUND."""
    if session.catalog.temporary_view(name) is not None:
        return None
    found = session.catalog.table(name)
    if found is None:
        raise session.catalog.not_found(name, system=("session",))
    return found


def _show_properties(session: Session, statement: s.ShowProperties) -> LocalRelation:
    found = _definition(session, statement.name)
    if found is None:
        return r.local_rows(r.PROPERTIES, ())
    properties = dict(found.properties)
    if statement.key is None:
        return r.local_rows(r.PROPERTIES, sorted(properties.items()))
    missing = f"Table {found.name.plain} does not have property: {statement.key}"
    return r.local_rows(r.PROPERTIES, [(statement.key, properties.get(statement.key, missing))])


def _table(session: Session, name: tuple[str, ...], operation: str) -> TableDefinition:
    return session.catalog.require_table(name, operation, ddl=True)


def _show_partitions(session: Session, statement: s.ShowPartitions) -> LocalRelation:
    table = _table(session, statement.name, "SHOW PARTITIONS")
    if not table.partition_by:
        raise SparkError("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", name=table.name.quoted)
    root = Path(table.location)
    found = {
        str(path.parent.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and not any(p.startswith(("_", ".")) for p in path.relative_to(root).parts)
    }
    return r.local_rows(r.PARTITIONS, [(p,) for p in sorted(found)])


def _analyze_table(session: Session, statement: s.AnalyzeTable) -> LocalRelation:
    found = _definition(session, statement.name)
    if found is None:
        raise SparkError(
            "EXPECT_PERMANENT_VIEW_NOT_TEMP",
            origin=statement.origin,
            operation="ANALYZE TABLE",
            viewName=quoted(statement.name),
        )
    if found.is_view:
        raise SparkError("UNSUPPORTED_FEATURE.ANALYZE_VIEW")
    return _done()


def _with_properties(
    session: Session,
    name: tuple[str, ...],
    change: Callable[[dict[str, str]], None],
    *,
    operation: str,
    is_view: bool,
) -> LocalRelation:
    found = _definition(session, name)
    if found is None or found.is_view != is_view:
        if is_view and found is not None:
            raise SparkError(
                "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", operation=operation, tableName=found.name.quoted
            )
        shown = quoted(name) if found is None else found.name.quoted
        raise SparkError("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", operation=operation, viewName=shown)
    properties = dict(found.properties)
    change(properties)
    session.runtime.tables.put(replace(found, properties=tuple(properties.items())), replace=True)
    return _done()


def _set_properties(session: Session, statement: s.SetProperties) -> LocalRelation:
    kind = "VIEW" if statement.is_view else "TABLE"
    return _with_properties(
        session,
        statement.name,
        lambda found: found.update(statement.properties),
        operation=f"ALTER {kind} ... SET TBLPROPERTIES",
        is_view=statement.is_view,
    )


def _unset_properties(session: Session, statement: s.UnsetProperties) -> LocalRelation:
    def change(found: dict[str, str]) -> None:
        for key in statement.keys:
            found.pop(key, None)

    kind = "VIEW" if statement.is_view else "TABLE"
    operation = f"ALTER {kind} ... UNSET TBLPROPERTIES"
    return _with_properties(session, statement.name, change, operation=operation, is_view=statement.is_view)


def _rename(session: Session, statement: s.RenameTable) -> LocalRelation:
    catalog = session.catalog
    view = catalog.temporary_view(statement.name)
    if view is not None:
        catalog.views[statement.target[-1].lower()] = catalog.views.pop(statement.name[-1].lower())
        return _done()
    found = _definition(session, statement.name)
    assert found is not None  # noqa: S101 - no temporary view
    if found.is_view != statement.is_view:
        condition = (
            "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE"
            if statement.is_view
            else "EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW"
        )
        if not statement.is_view:
            raise SparkError(condition, operation="ALTER TABLE ... RENAME TO", viewName=found.name.quoted)
        raise SparkError(condition, operation="ALTER VIEW ... RENAME TO", tableName=found.name.quoted)
    target = catalog.existing_table_name(statement.target)
    if session.runtime.tables.table(target) is not None:
        raise SparkError("TABLE_OR_VIEW_ALREADY_EXISTS", relationName=quoted((target.database, target.name)))
    moved = replace(found, name=target)
    if found.kind == "MANAGED":
        location = catalog.default_location(target)
        if Path(found.location).is_dir():
            shutil.move(found.location, location)
        moved = replace(moved, location=location)
    session.runtime.tables.put(moved)
    session.runtime.tables.remove(found.name)
    return _done()


def _add_columns(session: Session, statement: s.AddColumns) -> LocalRelation:
    table = _table(
        session,
        statement.name,
        "ALTER TABLE ... ADD COLUMN" + ("" if len(statement.columns.fields) == 1 else "S"),
    )
    data = (*table.data_fields, *struct_as_nullable(statement.columns).fields)
    partitions = tuple(f for f in table.schema.fields if f.name in table.partition_by)
    schema = StructType((*data, *partitions))
    check_columns(schema, case_sensitive=session.function_context().case_sensitive)
    session.runtime.tables.put(replace(table, schema=schema), replace=True)
    return _done()


def _refuse_alter(session: Session, statement: s.RefusedAlter) -> LocalRelation:
    table = _table(session, statement.name, f"ALTER TABLE ... {statement.operation}")
    raise SparkError(
        "UNSUPPORTED_FEATURE.TABLE_OPERATION", tableName=table.name.quoted, operation=statement.operation
    )


def _comment(session: Session, statement: s.CommentOnTable) -> LocalRelation:
    table = _table(session, statement.name, "COMMENT ON TABLE")
    session.runtime.tables.put(replace(table, comment=statement.text), replace=True)
    return _done()


ROUTINES: dict[type[s.Statement], Callable[[Session, Any], LocalRelation]] = {
    s.AddColumns: _add_columns,
    s.AnalyzeTable: _analyze_table,
    s.CommentOnTable: _comment,
    s.CreateFunction: _create_function,
    s.CreateVariable: _create_variable,
    s.DropFunction: _drop_function,
    s.DropVariable: _drop_variable,
    s.RefusedAlter: _refuse_alter,
    s.RenameTable: _rename,
    s.SetProperties: _set_properties,
    s.SetVariable: _set_variables,
    s.ShowPartitions: _show_partitions,
    s.ShowProperties: _show_properties,
    s.UnsetProperties: _unset_properties,
}
