"""Single cases that fail on potok, by family: kind of gap, reason, names of cases."""

from __future__ import annotations

from typing import Literal

Kind = Literal["notimpl", "never", "message", "defect"]

FOUND: dict[str, tuple[tuple[Kind, str, frozenset[str]], ...]] = {
    "collections": (
        (
            "never",
            "Spark says never NULL of a value that is NULL; ours may be",
            frozenset(
                {
                    "array: array(1, 2)[null]",
                }
            ),
        ),
        (
            "never",
            "the name holds numbers that Spark gives to expressions while it runs",
            frozenset(
                {
                    "array (ANSI off): array(struct(1 AS x), struct(2 AS x)).x",
                    "array: array(struct(1 AS x), struct(2 AS x)).x",
                }
            ),
        ),
        (
            "notimpl",
            "a struct with two fields of one name, or with none",
            frozenset(
                {
                    "json: to_json(named_struct())",
                    "struct: struct(1 AS a, 2 AS a)",
                }
            ),
        ),
    ),
    "literals": (
        (
            "notimpl",
            "DATE '10000-01-01'",
            frozenset(
                {
                    "literal: DATE '10000-01-01'",
                }
            ),
        ),
    ),
    "casts": (
        (
            "never",
            "a text is UTF-8: a malformed byte becomes U+FFFD, where the client of Spark fails",
            frozenset(
                {
                    "number to text: CAST(X'41FF' AS STRING) AS c",
                }
            ),
        ),
        (
            "never",
            "the shortest digits, as Java 19 and later write them; Spark was recorded on Java 17",
            frozenset(
                {
                    "number to text: CAST(2e23 AS STRING) AS c",
                    "number to text: CAST(float(1.1e10) AS STRING) AS c",
                }
            ),
        ),
    ),
    "strings": (
        (
            "notimpl",
            "aes_encrypt",
            frozenset(
                {
                    "encode and hash: aes_decrypt(aes_encrypt('Spark', '0000111122223333'), '0000111122223333')",
                }
            ),
        ),
        (
            "notimpl",
            "the function collate",
            frozenset(
                {
                    "encode and hash: collate('a', 'UTF8_LCASE') = 'A'",
                }
            ),
        ),
        (
            "notimpl",
            "the function sentences",
            frozenset(
                {
                    "encode and hash: sentences('Hi there! Good morning.')",
                    "over rows: sentences",
                }
            ),
        ),
    ),
    "datetimes": (
        (
            "notimpl",
            "A time without a date as a timestamp",
            frozenset(
                {
                    "fields: hour('13:04:05')",
                }
            ),
        ),
        (
            "notimpl",
            "zzzz, the full name of a time zone",
            frozenset(
                {
                    "zone: date_format(TIMESTAMP '2024-07-29 13:04:05Z', 'HH:mm z zzzz Z')",
                }
            ),
        ),
    ),
}
