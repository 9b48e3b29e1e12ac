"""The lexical rules of Spark SQL: text to tokens, and the errors that point into the text.

Source of fact: Spark 4.3's `SqlBaseLexer` and `ParseException`. Keywords compare without case and
none of them is reserved (`spark.sql.ansi.enforceReservedKeywords` is off, Spark's default), so the
lexer knows words, not keywords.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from potok.errors import LEGACY_PREFIX, Origin, SparkError

WORD = "word"
QUOTED = "quoted"
STRING = "string"
NUMBER = "number"
OPERATOR = "operator"
UNRECOGNIZED = "unrecognized"
END = "end"

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\n\f\r\x0b\u00a0\u1680\u2000-\u200a\u2028\u202f\u205f\u3000]+)
    | (?P<comment>--(?:\\\n|[^\r\n])*\r?\n?)
    | (?P<raw>[rR](?:'[^']*'|"[^"]*"))
    | (?P<number>
          (?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?(?:[fFdD]|[bB][dD])?(?![A-Za-z0-9_])
        | \d+[eE][+-]\d+(?:[fFdD]|[bB][dD])?
        | \d+(?:[eE]\d+(?:[fFdD]|[bB][dD])?|[lLsSyYfFdD]|[bB][dD])?(?!\w))
    | (?P<path>[^\W\d_]+://[\w/\-.?=&\#%]+)
    | (?P<word>\w+)
    | (?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<bracketed>/\*(?!\+))
    | (?P<operator>/\*\+|\*/|<=>|<>|!=|<=|>=|!>|!<|<<|==|=>|->|\|\||\|>|::|:=|[-+*/%~&|^=<>(),.\[\];!:?@])
    | (?P<unrecognized>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_KIND = {
    "raw": STRING,
    "number": NUMBER,
    "path": WORD,
    "word": WORD,
    "string": STRING,
    "quoted": QUOTED,
    "operator": OPERATOR,
    "unrecognized": UNRECOGNIZED,
}
_SPELLING = {"==": "=", "!>": "<=", "!<": ">=", "REGEXP": "RLIKE", "TEMP": "TEMPORARY"}
_MAY_FOLLOW_BRACKET = frozenset({"<END>", "FROM", "SELECT", "WHERE", "GROUP", "ORDER", "LIMIT", "("})
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_]+")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}


class Token(NamedTuple):
    """One token: `key` is what grammar rules compare, the word in upper case or the operator.

    `key` is empty for names in backticks, strings and numbers. `start` and `stop` are inclusive
    0-based character positions.
    """

    kind: str
    text: str
    key: str
    start: int
    stop: int


class ParseError(SparkError):
    """An error in a text, with Spark's pointer into it.

    Syntax errors point with `(line 1, pos 7)` and a caret under the token, by `position`; errors
    about an expression carry its `origin` instead. With neither, the text alone is shown.
    """

    def __init__(
        self,
        condition: str,
        *,
        sql_text: str = "",
        position: int | None = None,
        origin: Origin | None = None,
        **parameters: object,
    ) -> None:
        self.sql_text = sql_text
        self.position = position
        super().__init__(condition, origin=origin, **parameters)

    def _place(self) -> str:
        return f"\n{self.origin.summary()}" if self.origin is not None else ""

    @property
    def message(self) -> str:
        """Spark's `ParseException.getMessage`, which begins with a line break."""
        base = SparkError.message.fget(self)  # type: ignore[attr-defined]  # a property's getter
        if self.origin is not None:
            if self.condition.startswith(LEGACY_PREFIX):
                base = f"{base}\n{self.origin.summary()}"
            return f"\n{base}"
        if self.position is None:
            return f"\n{base}\n== SQL ==\n{self.sql_text}"
        line, column = line_and_column(self.sql_text, self.position)
        lines = self.sql_text.rstrip("\n").split("\n")
        marked = [*lines[:line], "-" * column + "^^^", *lines[line:]]
        return f"\n{base} (line {line}, pos {column})\n\n== SQL ==\n" + "\n".join(marked) + "\n"


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """The 1-based line and the 0-based column of a position."""
    return text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1)


def tokenize(text: str) -> list[Token]:
    """The tokens of a text, an END token last. Comments and space are left out.

    Raises UNCLOSED_BRACKETED_COMMENT and INVALID_IDENTIFIER (letters outside ASCII, unquoted).
    """
    tokens: list[Token] = []
    position, end = 0, len(text)
    match_at = _TOKEN.match
    while position < end:
        found = match_at(text, position)
        assert found is not None  # noqa: S101 - the last alternative matches any character
        group = found.lastgroup or ""
        start, position = position, found.end()
        if group in {"space", "comment"}:
            continue
        if group == "bracketed":
            position = _end_of_comment(text, start)
            continue
        word = found[group]
        key = ""
        if group in {"word", "operator"}:
            key = word.upper()
            key = _SPELLING.get(key, key)
        tokens.append(Token(_KIND[group], word, key, start, position - 1))
    tokens.append(Token(END, "end of input", "<END>", end, end - 1))
    return tokens


def _end_of_comment(text: str, start: int) -> int:
    depth, position = 1, start + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, position)
        if edge is None:
            raise ParseError("UNCLOSED_BRACKETED_COMMENT", sql_text=text)
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def string_value(token_text: str) -> str:
    """What a string token stands for: quotes removed, escapes resolved (Spark's `unescapeSQLString`)."""
    if token_text[0] in "rR":
        return token_text[2:-1]
    quote = token_text[0]
    body = token_text[1:-1].replace(quote * 2, quote)
    return _ESCAPE.sub(_unescape, body) if "\\" in body else body


def _unescape(found: re.Match[str]) -> str:
    if found[4] is not None:
        return _ESCAPED.get(found[4], found[4])
    if found[3] is not None:
        return chr(int(found[3], 8))
    return chr(int(found[1] or found[2], 16))


class TokenStream:
    """A cursor over the tokens of one text; the base of the parsers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0
        self.token = self.tokens[0]
        self.deferred: SparkError | None = None

    def defer(self, error: SparkError) -> None:
        """Keep an error until the whole text is read: Spark reports errors of syntax first."""
        self.deferred = self.deferred or error

    def advance(self) -> Token:
        """The current token; the cursor moves behind it (never behind the end)."""
        token = self.token
        if token.kind is not END:
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def reset(self, index: int) -> None:
        """Move the cursor to a token."""
        self.index = index
        self.token = self.tokens[index]

    def peek(self, distance: int = 1) -> Token:
        """The token some places ahead (the END token beyond the end)."""
        index = self.index + distance
        return self.tokens[index] if index < len(self.tokens) else self.tokens[-1]

    def at(self, *keys: str) -> bool:
        """Whether the next tokens have these keys, in order."""
        if self.token.key != keys[0]:
            return False
        return all(self.peek(i).key == key for i, key in enumerate(keys))

    def accept(self, *keys: str) -> bool:
        """Take the next tokens if they have these keys, all or none."""
        if self.token.key != keys[0] or (len(keys) > 1 and not self.at(*keys)):
            return False
        for _ in keys:
            self.advance()
        return True

    def expect(self, *keys: str) -> None:
        """Take tokens with these keys, or raise PARSE_SYNTAX_ERROR."""
        for key in keys:
            if self.token.key != key:
                self.fail_expecting(key)
            self.advance()

    def fail(self, token: Token | None = None, hint: str = "") -> NoReturn:
        """Raise PARSE_SYNTAX_ERROR at a token, the current one if none is given."""
        token = token or self.token
        near = "end of input" if token.kind is END else f"'{token.text}'"
        raise ParseError(
            "PARSE_SYNTAX_ERROR", sql_text=self.text, position=token.start, error=near, hint=hint
        )

    def expect_closing(self, key: str) -> None:
        """Take a bracket that closes a list, or raise PARSE_SYNTAX_ERROR with Spark's hint."""
        if self.token.key != key:
            if self.peek().key == key:
                self.fail_expecting(key)
            self.fail(hint=f": missing '{key}'" if self.token.key in _MAY_FOLLOW_BRACKET else "")
        self.advance()

    def fail_expecting(self, key: str) -> NoReturn:
        """Raise PARSE_SYNTAX_ERROR, with Spark's hint where one token less would have done."""
        following = self.peek()
        if self.token.kind is not END and following.key == key:
            self.fail(hint=f": extra input '{self.token.text}'")
        self.fail()

    def expect_end(self, *, hinted: bool = True) -> None:
        """Raise PARSE_SYNTAX_ERROR unless the text is over, then the error that was deferred.

        Where Spark has more than one way to go on, it gives no hint.
        """
        if self.token.kind is not END:
            if not hinted:
                self.fail()
            self.fail_expecting("<END>")
        if self.deferred is not None:
            raise self.deferred

    def expect_not_empty(self) -> None:
        """Raise PARSE_EMPTY_STATEMENT if there is nothing but space."""
        if self.token.kind is END and not self.text.strip():
            raise ParseError("PARSE_EMPTY_STATEMENT", sql_text=self.text, position=self.token.start)

    def at_name(self) -> bool:
        """Whether the next token may be an identifier."""
        return self.token.kind is WORD or self.token.kind is QUOTED

    def name(self) -> str:
        """One identifier, unquoted. `a-b` raises INVALID_IDENTIFIER, as in Spark."""
        first = self.token
        value = self.plain_name()
        if self.token.key == "-" and self.peek().kind in {WORD, QUOTED}:
            while self.accept("-"):
                value += "-" + self.plain_name()
            self.fail_identifier(value, self.tokens[self.tokens.index(first) + 1].start)
        return value

    def plain_name(self) -> str:
        """One identifier where a minus sign may follow (in expressions)."""
        token = self.token
        if token.kind is WORD:
            self.advance()
            if not _PLAIN_WORD.fullmatch(token.text):
                self.fail_identifier(token.text, token.start)
            return token.text
        if token.kind is not QUOTED:
            self.fail()
        self.advance()
        return token.text[1:-1].replace("``", "`")

    def fail_identifier(self, identifier: str, position: int) -> NoReturn:
        """Raise INVALID_IDENTIFIER."""
        raise ParseError("INVALID_IDENTIFIER", sql_text=self.text, position=position, ident=identifier)

    def string(self) -> str:
        """One string literal."""
        if self.token.kind is not STRING:
            self.fail()
        return string_value(self.advance().text)

    def origin(self, start: int, stop: int | None = None) -> Origin:
        """The piece of the text from one position to another; by default to the last token taken."""
        if stop is None:
            stop = self.tokens[self.index - 1].stop
        line, column = line_and_column(self.text, start)
        return Origin(self.text[start : stop + 1], "", self.text, start, stop, line, column)
