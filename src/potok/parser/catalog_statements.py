"""Statements about what exists and how it runs: SHOW, DESCRIBE, SET, RESET, USE, CACHE, REFRESH.

Source of fact: Spark 4.3's rule `statement` and `SparkSqlParser`.
"""

from __future__ import annotations

import re
from abc import abstractmethod

from potok.errors import unsupported
from potok.parser.queries import QueryParser
from potok.plan import statements as s
from potok.plan.logical import Options
from potok.tokens import END, OPERATOR, QUOTED, STRING, WORD, ParseError, Token

DATABASE_WORDS = frozenset({"DATABASE", "SCHEMA", "NAMESPACE"})
_DATABASES = frozenset({"DATABASES", "SCHEMAS", "NAMESPACES"})
_TIME_ZONE = "spark.sql.session.timeZone"
_SET_PAIR = re.compile(
    r"\s*(?:`((?:[^`]|``)*)`|([^\s=;`]+))\s*=\s*(?:`((?:[^`]|``)*)`|([^;]*?))\s*", re.DOTALL
)
_SET_KEY = re.compile(r"\s*(?:`((?:[^`]|``)*)`|([^\s=;`]+))\s*")


class CatalogStatementParser(QueryParser):
    """Statements about the catalog, the settings and the cache."""

    # ---- helpers --------------------------------------------------------------------------------

    def _if_not_exists(self) -> bool:
        return self.accept("IF", "NOT", "EXISTS") or self.accept("IF", "!", "EXISTS")

    def _if_exists(self) -> bool:
        return self.accept("IF", "EXISTS")

    def _pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple((key, value or "") for key, value in self.properties())

    def _text_since(self, start: Token) -> str:
        return self.text[start.start : self.tokens[self.index - 1].stop + 1]

    def _pattern(self) -> str | None:
        if self.accept("LIKE"):
            return self.string()
        return self.string() if self.token.kind is STRING else None

    def _in_database(self) -> s.Name:
        if self.accept("IN") or self.accept("FROM"):
            return self.multipart_name()
        return ()

    # ---- SHOW, DESCRIBE -------------------------------------------------------------------------

    def _show(self) -> s.Statement:
        self.advance()
        if self.accept("TABLES"):
            database = self._in_database()
            return s.ShowTables(database, self._pattern())
        if self.accept("VIEWS"):
            database = self._in_database()
            return s.ShowViews(database, self._pattern())
        if self.token.key in _DATABASES:
            self.advance()
            self._in_database()
            return s.ShowDatabases(self._pattern())
        if self.accept("COLUMNS"):
            if not (self.accept("IN") or self.accept("FROM")):
                self.fail()
            name = self.multipart_name()
            database = self._in_database()
            return s.ShowColumns((*database, name[-1]) if database else name)
        if self.accept("CATALOGS"):
            return s.ShowCatalogs(self._pattern())
        if self.accept("CREATE", "TABLE"):
            return s.ShowCreateTable(self.multipart_name())
        if self.token.key == "CURRENT" and self.peek().key in DATABASE_WORDS:
            self.accept("CURRENT", self.peek().key)
            return s.ShowCurrentDatabase()
        if self.token.key == "TBLPROPERTIES" and self.peek().kind in {WORD, QUOTED}:
            return self._show_properties()
        if self.token.key == "PARTITIONS" and self.peek().kind in {WORD, QUOTED}:
            return self._show_partitions()
        if self.token.key in {"TABLE", "ROLES", "GRANT", "LOCKS"} and (self.peek().kind is WORD):
            raise unsupported(f"The statement SHOW {self.token.key}", "Use spark.catalog.")
        return self._show_functions()

    def _show_properties(self) -> s.Statement:
        self.advance()
        start = self.token
        name = self.multipart_name()
        key: str | None = None
        if self.accept("("):
            key = self.string() if self.token.kind is STRING else ".".join(self.multipart_name())
            self.expect_closing(")")
        return s.ShowProperties(name, key, origin=self.origin(start.start))

    def _show_partitions(self) -> s.Statement:
        self.advance()
        start = self.token
        name = self.multipart_name()
        if self.token.key == "PARTITION":
            raise unsupported("SHOW PARTITIONS .. PARTITION", "Filter the rows of SHOW PARTITIONS.")
        return s.ShowPartitions(name, origin=self.origin(start.start))

    def _show_functions(self) -> s.Statement:
        scope = "all"
        if self.token.key != "FUNCTIONS":
            scope = self.plain_name().lower()
            if self.token.key != "FUNCTIONS":
                self.fail(hint=": missing 'FUNCTIONS'")
        self.expect("FUNCTIONS")
        database = self._in_database()
        pattern = self._pattern()
        if pattern is None and self.at_name():
            pattern = self.multipart_name()[-1]
        return s.ShowFunctions(scope, database, pattern)

    def _describe(self) -> s.Statement:
        self.advance()
        if self.token.key == "FUNCTION" and self.peek().kind is not END:
            return self._describe_function()
        if self.token.key in DATABASE_WORDS and self.peek().kind in {WORD, QUOTED}:
            self.advance()
            is_extended = self.token.key == "EXTENDED" and self.peek().kind in {WORD, QUOTED}
            if is_extended:
                self.advance()
            return s.DescribeDatabase(self.multipart_name(), is_extended)
        if self.accept("QUERY"):
            return s.DescribeQuery(self.query())
        if self.token.key != "TABLE" and self.query_starts(0):
            return s.DescribeQuery(self.query())
        if self.token.key == "TABLE" and self.peek().kind in {WORD, QUOTED}:
            self.advance()
        is_extended = self.token.key in {"EXTENDED", "FORMATTED"} and self.peek().kind in {WORD, QUOTED}
        if is_extended:
            self.advance()
        start = self.token
        name = self.multipart_name()
        origin = self.origin(start.start)
        if self.token.key == "PARTITION":
            raise unsupported("DESCRIBE TABLE .. PARTITION", "Describe the table.")
        column = self.multipart_name() if self.at_name() else ()
        return s.DescribeTable(name, is_extended, column, origin=origin)

    def _describe_function(self) -> s.Statement:
        self.advance()
        is_extended = self.accept("EXTENDED")
        if self.token.kind is STRING:
            return s.DescribeFunction((self.string(),), is_extended)
        if self.token.kind is OPERATOR:
            return s.DescribeFunction((self.advance().text,), is_extended)
        return s.DescribeFunction(self.multipart_name(), is_extended)

    # ---- SET, RESET, USE ------------------------------------------------------------------------

    def _rest(self) -> str:
        """The text from the current token to a semicolon or the end; the cursor moves there."""
        start = self.token
        while self.token.kind is not END and self.token.key != ";":
            self.advance()
        return self.text[start.start : self.token.start].strip() if self.token is not start else ""

    def _set(self) -> s.Statement:
        start = self.advance()
        if self.at("TIME", "ZONE"):
            return self._set_time_zone(start)
        following = self.peek()
        if self.token.key in {"VARIABLE", "VAR"} and (
            following.kind in {WORD, QUOTED} or following.key == "("
        ):
            return self._set_variable(start)
        if self.token.key in {"CATALOG", "ROLE", "COLLATION", "PATH"} and self.peek().kind in {
            WORD,
            STRING,
            QUOTED,
        }:
            raise unsupported(f"The statement SET {self.token.key}", "Leave it out.")
        rest = self._rest()
        if not rest:
            return s.SetCommand()
        pair, key = _SET_PAIR.fullmatch(rest), _SET_KEY.fullmatch(rest)
        if pair is not None:
            quoted_key, plain_key, quoted_value, plain_value = pair.groups()
            name = plain_key if quoted_key is None else quoted_key.replace("``", "`")
            value = plain_value if quoted_value is None else quoted_value.replace("``", "`")
            return s.SetCommand(name, value)
        if key is None:
            raise ParseError("INVALID_SET_SYNTAX", origin=self.origin(start.start))
        return s.SetCommand(key[2] if key[1] is None else key[1].replace("``", "`"))

    def _set_time_zone(self, start: Token) -> s.Statement:
        self.accept("TIME", "ZONE")
        if self.token.kind is STRING:
            return s.SetCommand(_TIME_ZONE, self.string())
        if self.accept("LOCAL"):
            raise unsupported("SET TIME ZONE LOCAL", "Name the zone.")
        if self.token.key == "INTERVAL":
            value = self.expression()
            micros = getattr(value, "value", None)
            if isinstance(micros, int):
                sign, minutes = "-" if micros < 0 else "+", abs(micros) // 60_000_000
                return s.SetCommand(_TIME_ZONE, f"{sign}{minutes // 60:02d}:{minutes % 60:02d}")
        self._rest()
        raise ParseError("_LEGACY_ERROR_TEMP_0045", origin=self.origin(start.start))

    @abstractmethod
    def _set_variable(self, statement: Token) -> s.Statement:
        """SET VARIABLE."""

    def _reset(self) -> s.Statement:
        start = self.advance()
        rest = self._rest()
        if not rest:
            return s.ResetCommand()
        key = _SET_KEY.fullmatch(rest)
        if key is None:
            raise ParseError("INVALID_RESET_COMMAND_FORMAT", origin=self.origin(start.start))
        return s.ResetCommand(key[2] if key[1] is None else key[1].replace("``", "`"))

    def _use(self) -> s.Statement:
        self.advance()
        if self.token.key in DATABASE_WORDS and self.peek().kind in {WORD, QUOTED}:
            self.advance()
        return s.UseDatabase(self.multipart_name())

    # ---- caches ---------------------------------------------------------------------------------

    def _cache(self) -> s.Statement:
        self.advance()
        is_lazy = self.accept("LAZY")
        self.expect("TABLE")
        name = self.multipart_name()
        options = Options(self._pairs()) if self.accept("OPTIONS") else Options()
        plan = self.query() if self.accept("AS") or self.query_starts(0) else None
        return s.CacheTable(name, plan, is_lazy, options)

    def _uncache(self) -> s.Statement:
        self.advance()
        self.expect("TABLE")
        if_exists = self._if_exists()
        return s.UncacheTable(self.multipart_name(), if_exists)

    def _clear_cache(self) -> s.Statement:
        self.advance()
        self.expect("CACHE")
        return s.ClearCache()

    def _refresh(self) -> s.Statement:
        start = self.advance()
        if self.token.key == "TABLE" and self.peek().kind in {WORD, QUOTED}:
            self.advance()
            return s.RefreshTable(self.multipart_name())
        if self.token.key == "FUNCTION":
            raise unsupported("The statement REFRESH FUNCTION", "Leave it out.")
        if self.token.kind is STRING:
            return s.RefreshResource(self.string())
        path = self._rest()
        if not path:
            condition = "INVALID_SQL_SYNTAX.EMPTY_REFRESH_RESOURCE_PATH"
            raise ParseError(condition, origin=self.origin(start.start))
        if re.search(r"[ \n\r\t]", path):
            condition = "INVALID_SQL_SYNTAX.INVALID_REFRESH_RESOURCE_PATH"
            raise ParseError(condition, origin=self.origin(start.start))
        return s.RefreshResource(path)
