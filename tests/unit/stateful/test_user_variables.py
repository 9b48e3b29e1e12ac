"""State variables do what dicts and lists do, over batches and restarts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.state.variables import LIST, MAP, VALUE, VariableSpec
from potok.stateful.base import StateContext
from potok.stateful.user import variables
from potok.stateful.user.batch_groups import BatchGroups
from potok.stateful.user.variables import ListVariable, MapVariable, Timers, ValueVariable
from potok.types import INTEGER, LONG, STRING, StructField, StructType

KEY = StructType((StructField("k", STRING), StructField("n", INTEGER)))
ONE = StructType((StructField("v", LONG), StructField("s", STRING)))
USER_KEY = StructType((StructField("u", INTEGER),))
KEYS = [("a", 1), ("a", 2), (None, 1), ("b", None)]


@dataclass
class Model:
    values: dict[int, Any] = field(default_factory=dict)
    lists: dict[int, list[Any]] = field(default_factory=dict)
    maps: dict[int, dict[Any, Any]] = field(default_factory=dict)
    timers: dict[int, set[int]] = field(default_factory=dict)


class Stores:
    """All kinds of variables in a directory."""

    def __init__(self, directory: str, version: int, partitions: int) -> None:
        context = StateContext(
            LocalFileSystem(), directory, durable=False, partitions=partitions, output_mode="update",
            version=version, conf={},
        )  # fmt: skip
        self.value = ValueVariable(VariableSpec("value", VALUE, ONE), KEY, context, 0, "value")
        self.list = ListVariable(VariableSpec("list", LIST, ONE), KEY, context, 0, "list")
        self.map = MapVariable(VariableSpec("map", MAP, ONE, USER_KEY), KEY, context, 0, "map")
        self.timers = Timers(KEY, context, 0, "timers")
        self.all = [self.value, self.list, self.map, self.timers]
        self.version = version
        for variable in self.all:
            variable.store.store.load(version)
            variable.loaded()

    def begin(self, groups: list[tuple[Any, ...]]) -> list[int]:
        batch = BatchGroups()
        rows = self.value.key_codec.encode(
            [pa.array([k for k, _ in groups], pa.string()), pa.array([n for _, n in groups], pa.int32())]
        )
        for variable in self.all:
            variable.begin(batch, 1000, self.version)
        return batch.join(rows, groups)

    def commit(self) -> None:
        for variable in self.all:
            variable.flush()
            variable.store.store.commit(self.version + 1)
        self.version += 1


small = st.integers(0, 3)
operations = st.one_of(
    st.tuples(st.just("set"), small, st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("unset"), small),
    st.tuples(st.just("append"), small, small),
    st.tuples(st.just("empty"), small),
    st.tuples(st.just("put"), small, small, small),
    st.tuples(st.just("take"), small, small),
    st.tuples(st.just("clear"), small),
    st.tuples(st.just("register"), small, small),
    st.tuples(st.just("delete"), small, small),
    st.tuples(st.just("read"), small),
)


def apply(stores: Stores, model: Model, group: int, number: int, operation: tuple[Any, ...]) -> None:
    """Do one thing to both, or compare what they hold of a group."""
    match operation:
        case ("set", _, value):
            stores.value.set(number, (value, str(value)))
            model.values[group] = (value, str(value))
        case ("unset", _):
            stores.value.set(number, None)
            model.values.pop(group, None)
        case ("append", _, value):
            stores.list.append(number, [(value, None)])
            model.lists.setdefault(group, []).append((value, None))
        case ("empty", _):
            stores.list.clear(number)
            model.lists.pop(group, None)
        case ("put", _, key, value):
            stores.map.set(number, (key,), (value, "x"))
            model.maps.setdefault(group, {})[(key,)] = (value, "x")
        case ("take", _, key):
            stores.map.set(number, (key,), None)
            model.maps.get(group, {}).pop((key,), None)
        case ("clear", _):
            stores.map.clear(number)
            model.maps.pop(group, None)
        case ("register", _, time):
            stores.timers.register(number, time)
            model.timers.setdefault(group, set()).add(time)
        case ("delete", _, time):
            stores.timers.delete(number, time)
            model.timers.get(group, set()).discard(time)
        case ("read", _):
            compare(stores, model, group, number)


def compare(stores: Stores, model: Model, group: int, number: int) -> None:
    assert stores.value.get(number) == model.values.get(group)
    assert stores.list.get(number) == model.lists.get(group, [])
    held = model.maps.get(group, {})
    assert stores.map.items(number) == sorted(held.items())
    for key in range(4):
        assert stores.map.get(number, (key,)) == held.get((key,))
    assert sorted(stores.timers.of(number)) == sorted(model.timers.get(group, set()))


@pytest.fixture
def directory() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as found:
        yield found


@pytest.mark.parametrize("fetched_whole", [0, 16])
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.lists(operations, max_size=12)), max_size=6), st.integers(1, 3))
def test_variables_are_dicts_and_lists(
    fetched_whole: int,
    monkeypatch: pytest.MonkeyPatch,
    batches: list[tuple[bool, list[Any]]],
    partitions: int,
) -> None:
    monkeypatch.setattr(variables, "_ENTRIES_PER_GROUP", fetched_whole)
    with tempfile.TemporaryDirectory() as directory:
        model = Model()
        stores = Stores(directory, 0, partitions)
        for restarts, batch in batches:
            if restarts:
                stores = Stores(directory, stores.version, partitions)
            touched = sorted({operation[1] for operation in batch})
            numbers = (
                dict(zip(touched, stores.begin([KEYS[g] for g in touched]), strict=True)) if touched else {}
            )
            if not touched:
                stores.begin([])
            for operation in batch:
                apply(stores, model, operation[1], numbers[operation[1]], operation)
            stores.commit()
        stores = Stores(directory, stores.version, partitions)
        for group, number in enumerate(stores.begin(KEYS)):
            compare(stores, model, group, number)
        expired = stores.timers.expired(1)
        assert sorted(expired) == sorted(
            (group, time) for group, times in model.timers.items() for time in times if time <= 1
        )
        assert [time for _, time in expired] == sorted(time for _, time in expired)


def test_a_value_lives_for_its_time(directory: str) -> None:
    context = StateContext(LocalFileSystem(), directory, durable=False, partitions=1, output_mode="update", version=0, conf={})  # fmt: skip
    variable = ListVariable(VariableSpec("list", LIST, ONE, None, 100), KEY, context, 0, "list")
    variable.store.store.load(0)
    variable.loaded()
    rows = variable.key_codec.encode([pa.array(["a"]), pa.array([1], pa.int32())])
    seen = []
    for batch, now_ms in enumerate((1000, 1050, 1099, 1100, 1150)):
        groups = BatchGroups()
        variable.begin(groups, now_ms, batch)
        (number,) = groups.join(rows, [("a", 1)])
        seen.append([value for value, _ in variable.get(number)])
        if batch < 2:
            variable.append(number, [(batch, "x")])
        variable.flush()
        removed = variable.expire()
        assert removed == (now_ms in {1100, 1150})
    assert seen == [[], [0], [0, 1], [1], []]
    assert len(variable.store) == 0
