"""Statements about functions, variables and the properties of tables: CREATE FUNCTION, DECLARE, SET VAR, ALTER, ANALYZE.

Source of fact: Spark 4.3's rule `statement`.
"""

from __future__ import annotations

from potok import types as t
from potok.errors import unsupported
from potok.parser.catalog_statements import CatalogStatementParser
from potok.plan import statements as s
from potok.plan.expressions import Expression, UnresolvedAttribute
from potok.plan.logical import LogicalPlan
from potok.plan.sql_functions import SqlFunction, SqlParameter
from potok.tokens import END, QUOTED, WORD, ParseError, Token

_CHARACTERISTICS = (
    ("LANGUAGE", "SQL"), ("NOT", "DETERMINISTIC"), ("DETERMINISTIC",), ("CONTAINS", "SQL"), ("READS", "SQL", "DATA"),
    ("SQL", "SECURITY", "DEFINER"), ("SQL", "SECURITY", "INVOKER"),
)  # fmt: skip


class RoutineParser(CatalogStatementParser):
    """What belongs to functions, variables and properties."""

    # ---- functions ------------------------------------------------------------------------------

    def _create_function(self, start: Token, *, is_temporary: bool, replace: bool) -> s.Statement:
        self.expect("FUNCTION")
        if_not_exists = self._if_not_exists()
        name = self.multipart_name()
        if self.token.key != "(":
            raise unsupported(
                "The statement CREATE FUNCTION with a class of the JVM", "Use spark.udf.register()."
            )
        parameters = self._parameters()
        returns: t.DataType | None = None
        columns: t.StructType | None = None
        if self.accept("RETURNS"):
            if self.token.key == "TABLE":
                self.advance()
                columns = self._result_columns() if self.token.key == "(" else t.StructType()
            else:
                returns = self.data_type()
        while self._characteristic():
            pass
        self.expect("RETURN")
        body: Expression | LogicalPlan = (
            self.query() if self.query_starts(0) and self.token.key != "(" else self.expression()
        )
        origin = self.origin(start.start)
        if is_temporary and if_not_exists:
            self.defer(ParseError("INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS", origin=origin))
        function = SqlFunction(name[-1].lower(), parameters, body, returns, columns)
        return s.CreateFunction(name, function, is_temporary, replace, if_not_exists, origin=origin)

    def _parameters(self) -> tuple[SqlParameter, ...]:
        self.expect("(")
        found: list[SqlParameter] = []
        while self.token.key != ")":
            name = self.plain_name()
            data_type = self.data_type()
            default: Expression | None = None
            while True:
                if self.accept("NOT", "NULL"):
                    raise unsupported("A parameter that is NOT NULL", "Check it in the body.")
                if self.accept("DEFAULT"):
                    default = self.expression()
                elif self.accept("COMMENT"):
                    self.string()
                else:
                    break
            found.append(SqlParameter(name, data_type, default))
            if not self.accept(","):
                break
        self.expect_closing(")")
        return tuple(found)

    def _result_columns(self) -> t.StructType:
        self.expect("(")
        fields = [self.column()]
        while self.accept(","):
            fields.append(self.column())
        self.expect_closing(")")
        return t.StructType(tuple(fields))

    def _characteristic(self) -> bool:
        if self.accept("COMMENT"):
            self.string()
            return True
        return any(self.accept(*words) for words in _CHARACTERISTICS)

    def _drop_function(self, *, is_temporary: bool) -> s.Statement:
        self.expect("FUNCTION")
        if_exists = self._if_exists()
        return s.DropFunction(self.multipart_name(), is_temporary, if_exists)

    # ---- variables ------------------------------------------------------------------------------

    def _declare(self) -> s.Statement:
        start = self.advance()
        replace = self.accept("OR", "REPLACE")
        if self.token.key in {"VARIABLE", "VAR"} and self.peek().kind in {WORD, QUOTED}:
            self.advance()
        place = self.token
        names = [self.multipart_name()]
        while self.accept(","):
            names.append(self.multipart_name())
        origin = self.origin(place.start)
        data_type: t.DataType | None = None
        if self.token.kind is WORD and self.token.key != "DEFAULT":
            data_type = self.data_type()
        text_start = self.peek()
        default = self.expression() if self.accept("DEFAULT") or self.accept("=") else None
        text = "" if default is None else self._text_since(text_start)
        if data_type is None and default is None:
            condition = "INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED"
            self.defer(ParseError(condition, origin=self.origin(start.start)))
        if len(names) > 1:
            raise unsupported("DECLARE of several variables", "Declare them one by one.")
        return s.CreateVariable(names[0], data_type, default, replace, text, origin=origin)

    def _set_variable(self, statement: Token) -> s.Statement:
        self.advance()
        if self.token.key == "(":
            return self._set_variables_by_query()
        start = self.token
        assignments: list[tuple[s.Name, Expression]] = []
        while True:
            name = self.multipart_name()
            self.expect("=")
            assignments.append((name, self._assigned()))
            if not self.accept(","):
                whole, origin = self.origin(statement.start), self.origin(start.start)
                return s.SetVariable(tuple(assignments), whole=whole, origin=origin)

    def _assigned(self) -> Expression:
        if self.token.key == "DEFAULT":
            self.advance()
            return UnresolvedAttribute(("DEFAULT",))
        return self.expression()

    def _set_variables_by_query(self) -> s.Statement:
        self.expect("(")
        names = [self.multipart_name()]
        while self.accept(","):
            names.append(self.multipart_name())
        self.expect_closing(")")
        self.expect("=")
        self.expect("(")
        plan = self.query()
        self.expect_closing(")")
        return s.SetVariable(tuple((n, UnresolvedAttribute(("DEFAULT",))) for n in names), plan)

    # ---- tables ---------------------------------------------------------------------------------

    def _analyze(self) -> s.Statement:
        self.advance()
        if self.accept("TABLES"):
            raise unsupported("The statement ANALYZE TABLES", "Leave it out: statistics are not used.")
        self.expect("TABLE")
        start = self.token
        name = self.multipart_name()
        if self.token.key == "PARTITION":
            self.advance()
            self._skip_parentheses()
        self.expect("COMPUTE")
        self.expect("STATISTICS")
        if self.accept("FOR"):
            if not self.accept("ALL", "COLUMNS"):
                self.expect("COLUMNS")
                self.multipart_name()
                while self.accept(","):
                    self.multipart_name()
        else:
            self.accept("NOSCAN")
        return s.AnalyzeTable(name, origin=self.origin(start.start))

    def _skip_parentheses(self) -> None:
        self.expect("(")
        while self.token.key != ")":
            self.advance()
        self.expect_closing(")")

    def _alter(self) -> s.Statement:
        self.advance()
        is_view = self.accept("VIEW")
        if not is_view and not self.accept("TABLE"):
            raise unsupported(f"The statement ALTER {self.token.key}", "Create it anew.")
        place = self.token
        name = self.multipart_name()
        origin = self.origin(place.start)
        if self.accept("RENAME", "TO"):
            return s.RenameTable(name, self.multipart_name(), is_view, origin=origin)
        if self.accept("SET", "TBLPROPERTIES"):
            return s.SetProperties(name, self._pairs(), is_view=is_view, origin=origin)
        if self.accept("UNSET", "TBLPROPERTIES"):
            if_exists = self._if_exists()
            keys = tuple(key for key, _ in self._keys())
            return s.UnsetProperties(name, keys, if_exists, is_view, origin=origin)
        if not is_view and (self.accept("ADD", "COLUMNS") or self.accept("ADD", "COLUMN")):
            return s.AddColumns(name, self._added_columns(), origin=origin)
        for words in (("DROP", "COLUMN"), ("DROP", "COLUMNS"), ("RENAME", "COLUMN")):
            if self.at(*words):
                while self.token.kind is not END and self.token.key != ";":
                    self.advance()
                return s.RefusedAlter(name, " ".join(words).removesuffix("S"), origin=origin)
        raise unsupported("The statement ALTER with this clause", "Create the table anew.")

    def _comment(self) -> s.Statement:
        self.advance()
        self.expect("ON")
        if not self.accept("TABLE"):
            raise unsupported(f"COMMENT ON {self.token.key}", "Leave it out.")
        start = self.token
        name = self.multipart_name()
        self.expect("IS")
        text = None if self.accept("NULL") else self.string()
        return s.CommentOnTable(name, text, origin=self.origin(start.start))

    def _keys(self) -> tuple[tuple[str, str], ...]:
        return tuple((key, value or "") for key, value in self.properties())

    def _added_columns(self) -> t.StructType:
        in_parentheses = self.accept("(")
        fields = [self.column()]
        while self.accept(","):
            fields.append(self.column())
        if in_parentheses:
            self.expect_closing(")")
        return t.StructType(tuple(fields))
