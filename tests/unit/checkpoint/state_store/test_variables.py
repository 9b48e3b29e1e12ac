"""What a checkpoint says of state variables: which there are in a batch, and in which order Spark names them."""

from __future__ import annotations

import json

import pytest

from potok.checkpoint.state.variables import (
    LIST,
    TIMERS,
    VALUE,
    OperatorVariables,
    Program,
    VariableSpec,
    store_name,
)
from potok.types import INTEGER, StructField, StructType

SCHEMA = StructType((StructField("v", INTEGER),))


def specs(*names: str) -> dict[str, VariableSpec]:
    return {name: VariableSpec(name, VALUE, SCHEMA) for name in names}


def described(time_mode: str = "NoTime") -> OperatorVariables:
    return OperatorVariables({"timeMode": time_mode, "outputMode": "Update"}, specs("one"))


def test_what_is_written_is_read() -> None:
    listed = VariableSpec("list", LIST, SCHEMA, None, 100)
    found = OperatorVariables(
        described().settings, {"list": listed}, (Program(0, specs("one")), Program(3, {"list": listed}))
    )
    assert OperatorVariables.decode(found.encode()) == found


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"settings": {}}', b'{"settings": {}, "variables": [1]}']
)
def test_a_damaged_file_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        OperatorVariables.decode(content)


def test_each_batch_has_the_variables_of_its_program() -> None:
    found = described()
    for batch_id, names in (
        (0, ("one",)),
        (2, ("one",)),
        (3, ("one", "two")),
        (5, ("two",)),
        (7, ("one", "two")),
    ):
        found = found.with_program(Program(batch_id, specs(*names)))
    asked = [sorted(found.at(batch_id)) for batch_id in range(8)]
    assert asked == [["one"]] * 3 + [["one", "two"]] * 2 + [["two"]] * 2 + [["one", "two"]]
    assert [found.begins("two", batch_id) for batch_id in (3, 5, 7)] == [3, 3, 3]
    assert [found.begins("one", batch_id) for batch_id in (0, 4, 7)] == [0, 0, 7]


def test_a_program_that_has_run_no_batch_is_forgotten() -> None:
    found = described().with_program(Program(0, specs("one"))).with_program(Program(4, specs("two")))
    again = found.with_program(Program(4, specs("one")))
    assert sorted(again.at(4)) == ["one"]
    assert again.begins("one", 4) == 0


def test_a_file_that_names_no_programs_means_the_last() -> None:
    assert sorted(described().at(0)) == ["one"]
    assert described().begins("one", 7) == 0


@pytest.mark.parametrize(
    ("time_mode", "names", "expected"),
    [
        # From tests/stateful/recorded/variable_readers.json and Spark's answers for other programs.
        ("NoTime", ("total", "last"), ("total", "last")),
        ("NoTime", ("one", "several", "map", "kept"), ("one", "several", "kept", "map")),
        ("ProcessingTime", ("seen",), ("$procTimers_keyToTimestamp", "seen")),
        (
            "ProcessingTime",
            ("one", "several", "map", "kept"),
            ("map", "$procTimers_keyToTimestamp", "one", "kept", "several"),
        ),
    ],
)
def test_variables_stand_in_the_order_of_scala(
    time_mode: str, names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    found = OperatorVariables({"timeMode": time_mode, "outputMode": "Append"}, specs(*names))
    properties = json.loads(found.properties_json(0))
    assert [one["stateName"] for one in properties["stateVariables"]] == list(expected)
    kinds = {one["stateName"]: one["stateVariableType"] for one in properties["stateVariables"]}
    assert set(kinds.values()) <= {VALUE, TIMERS}


def test_a_name_is_a_directory() -> None:
    assert store_name("a/b ä") == "variable-a%2Fb%20%C3%A4"
