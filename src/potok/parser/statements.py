"""Statements that are not queries: views, tables, databases, INSERT, EXPLAIN, variables.

Source of fact: Spark 4.3's rule `statement`. What Spark has and this engine has not raises
`errors.unsupported` naming it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from potok import types as t
from potok.errors import unsupported
from potok.parser.catalog_statements import DATABASE_WORDS
from potok.parser.routines import RoutineParser
from potok.plan import statements as s
from potok.plan.expressions import Expression
from potok.plan.logical import LogicalPlan, Options
from potok.plan.unresolved import With
from potok.tokens import END, QUOTED, STRING, WORD, ParseError, Token

_QUERY_HEADS = frozenset({"SELECT", "FROM", "VALUES", "TABLE", "("})
_MISSING = {
    "MERGE": "Read, join and write the result.",
    "UPDATE": "Read, transform and write the result.",
    "DELETE": "Read, filter and write the result.",
    "LOAD": "Use INSERT INTO with a query over the files.",
    "MSCK": "Leave it out.",
    "REPAIR": "Leave it out.",
    "ADD": "Use spark.addArtifacts() or the program's own path.",
    "LIST": "Use the program's own path.",
    "EXECUTE": "Run the text with spark.sql().",
    "CALL": "Use the data frame API.",
    "BEGIN": "Write the script in Python.",
    "REPLACE": "Use CREATE OR REPLACE TABLE.",
}
_NEVER_VALID = frozenset(
    {"GRANT", "REVOKE", "COMMIT", "ROLLBACK", "START", "LOCK", "UNLOCK", "EXPORT", "IMPORT", "DFS"}
)
_EXPLAIN_MODES = frozenset({"EXTENDED", "CODEGEN", "COST", "FORMATTED"})


class StatementParser(RoutineParser):
    """The rule `statement`."""

    def single_statement(self) -> LogicalPlan | s.Statement:
        """One statement, semicolons behind it, and the end."""
        self.expect_not_empty()
        result = self.statement()
        closed = False
        while self.accept(";"):
            closed = True
        if closed and self.token.kind is not END:
            self.fail(hint=f": extra input '{self.token.text}'")
        self.expect_end()
        return result

    def statement(self) -> LogicalPlan | s.Statement:
        """A query or any other statement."""
        head = self.token
        if head.key in _QUERY_HEADS:
            return self.query()
        if head.key == "WITH":
            return self._with_statement()
        handlers: dict[str, Callable[[], s.Statement]] = {
            "CREATE": self._create,
            "DROP": self._drop,
            "INSERT": self._insert,
            "SHOW": self._show,
            "DESCRIBE": self._describe,
            "DESC": self._describe,
            "SET": self._set,
            "RESET": self._reset,
            "USE": self._use,
            "CACHE": self._cache,
            "UNCACHE": self._uncache,
            "CLEAR": self._clear_cache,
            "REFRESH": self._refresh,
            "TRUNCATE": self._truncate,
            "EXPLAIN": self._explain,
            "DECLARE": self._declare,
            "ALTER": self._alter,
            "ANALYZE": self._analyze,
            "COMMENT": self._comment,
        }
        handler = handlers.get(head.key)
        if handler is not None:
            return handler()
        return self._refuse(head)

    def _refuse(self, head: Token) -> NoReturn:
        """Raise for a statement that Spark has and we have not, or that it names only to refuse it."""
        alone = self.peek().kind is END
        if head.key in _NEVER_VALID and (not alone or head.key in {"COMMIT", "ROLLBACK"}):
            operation = head.key + (" TRANSACTION" if head.key == "START" else "")
            while self.token.kind is not END:
                self.advance()
            origin = self.origin(head.start)
            raise ParseError("INVALID_STATEMENT_OR_CLAUSE", origin=origin, operation=operation)
        if head.key in _MISSING and not alone:
            raise unsupported(f"The statement {head.key}", _MISSING[head.key])
        self.fail()

    def _with_statement(self) -> LogicalPlan | s.Statement:
        index = self.index
        relations, is_recursive = self.named_queries()
        if self.token.key != "INSERT":
            self.reset(index)
            return self.query()
        insert = self._insert()
        assert isinstance(insert, s.InsertInto)  # noqa: S101 - what INSERT INTO makes
        plan = With(insert.plan, relations, is_recursive)
        return s.InsertInto(
            insert.name,
            plan,
            insert.columns,
            insert.partition,
            insert.overwrite,
            insert.by_name,
            insert.if_partition_not_exists,
        )

    # ---- CREATE ---------------------------------------------------------------------------------

    def _create(self) -> s.Statement:
        start = self.advance()
        replace = self.accept("OR", "REPLACE")
        if not replace and self.token.key in DATABASE_WORDS:
            return self._create_database()
        is_global = self.accept("GLOBAL")
        is_temporary = self.accept("TEMPORARY")
        if self.accept("VIEW"):
            return self._create_view(start, replace=replace, is_global=is_global, is_temporary=is_temporary)
        if is_global:
            self.fail()
        if self.token.key == "FUNCTION":
            return self._create_function(start, is_temporary=is_temporary, replace=replace)
        if (
            self.token.key in {"STREAMING", "MATERIALIZED", "FLOW", "INDEX", "METRIC"}
            and self.peek().kind is WORD
        ):
            raise unsupported(f"The statement CREATE {self.token.key}", "Use the data frame API.")
        self.accept("EXTERNAL")
        if not self.accept("TABLE"):
            self.fail()
        if is_temporary:
            raise unsupported("The statement CREATE TEMPORARY TABLE", "Use CREATE TEMPORARY VIEW.")
        return self._create_table(replace=replace)

    def _create_view(
        self, start: Token, *, replace: bool, is_global: bool, is_temporary: bool
    ) -> s.Statement:
        if_not_exists = self._if_not_exists()
        name = self.multipart_name()
        if (is_global or is_temporary) and self._at_view_using():
            schema = self._columns_in_parentheses() if self.token.key == "(" else None
            self.expect("USING")
            format_name = ".".join(self.multipart_name())
            options = Options(self._pairs()) if self.accept("OPTIONS") else Options()
            return s.CreateTempViewUsing(name, format_name, schema, options, is_global, replace)
        columns = self._view_columns() if self.token.key == "(" else ()
        comment: str | None = None
        properties: tuple[tuple[str, str], ...] = ()
        while True:
            if self.accept("COMMENT"):
                comment = self.string()
            elif self.accept("TBLPROPERTIES"):
                properties = self._pairs()
            elif self.at("WITH", "SCHEMA") or self.at("PARTITIONED", "ON"):
                raise unsupported(f"CREATE VIEW .. {self.token.key} {self.peek().key}", "Leave it out.")
            else:
                break
        self.expect("AS")
        query_start = self.token
        plan = self.query()
        text = self._text_since(query_start)
        self._check_view(start, name, temporary=is_temporary or is_global, both=replace and if_not_exists)
        return s.CreateViewStatement(
            name, plan, text, columns, is_temporary, is_global, replace, if_not_exists, comment, properties
        )

    def _check_view(self, start: Token, name: s.Name, *, temporary: bool, both: bool) -> None:
        origin = self.origin(start.start)
        if both:
            condition = "CREATE_VIEW_WITH_IF_NOT_EXISTS_AND_REPLACE"
            self.defer(ParseError(condition, origin=origin, viewName=".".join(name)))
        elif temporary and len(name) > 1 and name[0].lower() not in {"session", "system", "global_temp"}:
            self.defer(
                ParseError(
                    "INVALID_TEMP_OBJ_QUALIFIER",
                    origin=origin,
                    objectType="VIEW",
                    objectName=t.quote_if_needed(name[-1]) if "`" in name[-1] else f"`{name[-1]}`",
                    qualifier=".".join(f"`{part}`" for part in name[:-1]),
                )
            )

    def _at_view_using(self) -> bool:
        if self.token.key == "USING":
            return True
        if self.token.key != "(":
            return False
        distance, depth = 0, 0
        while True:
            token = self.peek(distance)
            depth += (token.key == "(") - (token.key == ")")
            if depth == 0 or token.kind is END:
                return self.peek(distance + 1).key == "USING"
            distance += 1

    def _view_columns(self) -> tuple[tuple[str, str | None], ...]:
        self.expect("(")
        columns: list[tuple[str, str | None]] = []
        while True:
            name = self.plain_name()
            columns.append((name, self.string() if self.accept("COMMENT") else None))
            if not self.accept(","):
                break
        self.expect_closing(")")
        return tuple(columns)

    def _columns_in_parentheses(self) -> t.StructType:
        self.expect("(")
        fields = [self._table_column()]
        while self.accept(","):
            fields.append(self._table_column())
        self.expect_closing(")")
        return t.StructType(tuple(fields))

    def _table_column(self) -> t.StructField:
        column = self.column()
        if self.token.key in {
            "DEFAULT",
            "GENERATED",
            "PRIMARY",
            "UNIQUE",
            "REFERENCES",
            "CHECK",
            "CONSTRAINT",
        }:
            raise unsupported(
                f"{self.token.key} in a column definition", "Compute it in the query that writes."
            )
        return column

    def _create_table(self, *, replace: bool) -> s.Statement:
        if_not_exists = self._if_not_exists()
        name = self.multipart_name()
        if self.token.key == "LIKE":
            raise unsupported(
                "The statement CREATE TABLE .. LIKE", "Use CREATE TABLE .. AS SELECT .. LIMIT 0."
            )
        schema = None
        if self.token.key == "(" and not self.query_starts(1):
            schema = self._columns_in_parentheses()
        format_name = ".".join(self.multipart_name()) if self.accept("USING") else None
        options, properties = Options(), ()
        partition_by: tuple[str, ...] = ()
        location: str | None = None
        comment: str | None = None
        while True:
            if self.accept("OPTIONS"):
                options = Options(self._pairs())
            elif self.accept("PARTITIONED", "BY"):
                partition_by, schema = self._partitioning(schema)
            elif self.accept("LOCATION"):
                location = self.string()
            elif self.accept("COMMENT"):
                comment = self.string()
            elif self.accept("TBLPROPERTIES"):
                properties = self._pairs()  # type: ignore[assignment]  # a longer tuple
            elif self.token.key in {"CLUSTERED", "CLUSTER", "SKEWED", "STORED", "ROW"}:
                raise unsupported(f"CREATE TABLE .. {self.token.key}", "Use USING and PARTITIONED BY.")
            else:
                break
        plan: LogicalPlan | None = None
        if self.accept("AS") or self.query_starts(0):
            plan = self.query()
        return s.CreateTable(
            name, schema, format_name, options, partition_by, location, comment, properties, plan,
            if_not_exists, replace,
        )  # fmt: skip

    def _partitioning(self, schema: t.StructType | None) -> tuple[tuple[str, ...], t.StructType | None]:
        self.expect("(")
        names: list[str] = []
        fields = list(schema.fields) if schema else []
        while True:
            if self.peek().key in {",", ")"}:
                names.append(self.name())
            elif self.peek().key in {"(", "."}:
                raise unsupported("A transform in PARTITIONED BY", "Add a column and partition by it.")
            else:
                field = self.column()
                fields.append(field)
                names.append(field.name)
            if not self.accept(","):
                break
        self.expect_closing(")")
        return tuple(names), t.StructType(tuple(fields)) if fields else None

    def _create_database(self) -> s.Statement:
        self.advance()
        if_not_exists = self._if_not_exists()
        name = self.multipart_name()
        comment: str | None = None
        location: str | None = None
        properties: tuple[tuple[str, str], ...] = ()
        while True:
            if self.accept("COMMENT"):
                comment = self.string()
            elif self.accept("LOCATION"):
                location = self.string()
            elif self.accept("WITH", "DBPROPERTIES") or self.accept("WITH", "PROPERTIES"):
                properties = self._pairs()
            else:
                return s.CreateDatabase(name, if_not_exists, comment, location, properties)

    # ---- DROP, TRUNCATE -------------------------------------------------------------------------

    def _drop(self) -> s.Statement:
        self.advance()
        if self.accept("VIEW"):
            if_exists = self._if_exists()
            return s.DropView(self.multipart_name(), if_exists)
        if self.accept("TABLE"):
            if_exists = self._if_exists()
            return s.DropTable(self.multipart_name(), if_exists, self.accept("PURGE"))
        if self.token.key in DATABASE_WORDS:
            self.advance()
            if_exists = self._if_exists()
            name = self.multipart_name()
            cascade = self.accept("CASCADE")
            if not cascade:
                self.accept("RESTRICT")
            return s.DropDatabase(name, if_exists, cascade)
        if self.accept("TEMPORARY", "VARIABLE") or self.accept("TEMPORARY", "VAR"):
            if_exists = self._if_exists()
            return s.DropVariable(self.multipart_name(), if_exists)
        if self.token.key == "FUNCTION" and self.peek().kind in {WORD, QUOTED}:
            return self._drop_function(is_temporary=False)
        if self.token.key in {"INDEX", "ROLE"} and self.peek().kind is WORD:
            raise unsupported(f"The statement DROP {self.token.key}", "Leave it out.")
        if not self.accept("TEMPORARY"):
            self.fail()
        if self.token.key == "MACRO":
            raise unsupported("The statement DROP TEMPORARY MACRO", "Leave it out.")
        return self._drop_function(is_temporary=True)

    def _truncate(self) -> s.Statement:
        self.advance()
        self.expect("TABLE")
        start = self.token
        name = self.multipart_name()
        if self.token.key == "PARTITION":
            raise unsupported("TRUNCATE TABLE .. PARTITION", "Use INSERT OVERWRITE .. PARTITION.")
        return s.TruncateTable(name, origin=self.origin(start.start))

    # ---- INSERT ---------------------------------------------------------------------------------

    def _insert(self) -> s.Statement:
        self.advance()
        overwrite = self.accept("OVERWRITE")
        if not overwrite:
            self.expect("INTO")
        if overwrite and (self.at("DIRECTORY") or self.at("LOCAL", "DIRECTORY")):
            return self._insert_directory()
        if self.token.key == "TABLE" and self.peek().kind in {WORD, QUOTED}:
            self.advance()
        start = self.token
        name = self.multipart_name()
        origin = self.origin(start.start)
        if self.token.key == "REPLACE" and self.peek().key in {"WHERE", "USING", "ON"}:
            raise unsupported("INSERT INTO .. REPLACE", "Use INSERT OVERWRITE.")
        partition: tuple[tuple[str, Expression | None], ...] = ()
        if self.at("PARTITION", "("):
            self.advance()
            partition = self._partition_values()
        if_not_exists = self._if_not_exists()
        by_name = self.accept("BY", "NAME")
        columns: tuple[str, ...] = ()
        if not by_name and self.token.key == "(" and not self.query_starts(1):
            columns = self.name_list()
        query = self.query()
        return s.InsertInto(name, query, columns, partition, overwrite, by_name, if_not_exists, origin=origin)

    def _partition_values(self) -> tuple[tuple[str, Expression | None], ...]:
        self.expect("(")
        values: list[tuple[str, Expression | None]] = []
        while True:
            name = self.plain_name()
            values.append((name, self.value(2) if self.accept("=") else None))
            if not self.accept(","):
                break
        self.expect_closing(")")
        return tuple(values)

    def _insert_directory(self) -> s.Statement:
        self.accept("LOCAL")
        self.expect("DIRECTORY")
        path = self.string() if self.token.kind is STRING else None
        if self.token.key in {"ROW", "STORED"}:
            raise unsupported("INSERT OVERWRITE DIRECTORY in a Hive format", "Use USING.")
        self.expect("USING")
        format_name = ".".join(self.multipart_name())
        options = Options(self._pairs()) if self.accept("OPTIONS") else Options()
        return s.InsertDirectory(self.query(), format_name, path, options)

    # ---- EXPLAIN --------------------------------------------------------------------------------

    def _explain(self) -> s.Statement:
        self.advance()
        mode = self.advance().key.lower() if self.token.key in _EXPLAIN_MODES else "simple"
        if self.token.key == "LOGICAL":
            raise unsupported("EXPLAIN LOGICAL", "Use EXPLAIN EXTENDED.")
        return s.Explain(self.statement(), mode)
