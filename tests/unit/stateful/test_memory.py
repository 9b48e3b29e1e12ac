from __future__ import annotations

import pytest

from potok.errors import SparkError
from potok.stateful.memory import check_memory, memory_limit_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", 512), ("4k", 4096), ("3m", 3 << 20), ("8g", 8 << 30), ("2 GB", 2 << 30), ("1t", 1 << 40)],
)
def test_sizes_as_spark_writes_them(text: str, size: int) -> None:
    assert memory_limit_bytes(text) == size


def test_without_a_setting_a_part_of_the_memory() -> None:
    assert 1 << 28 < memory_limit_bytes(None) < 1 << 46


def test_a_limit_that_is_none() -> None:
    with pytest.raises(SparkError, match=r"'lots' in the config \"spark.potok.state.memoryLimit\""):
        memory_limit_bytes("lots")


def test_state_may_fill_the_limit_but_not_pass_it() -> None:
    check_memory(1 << 20, 10, 1 << 20)
    with pytest.raises(SparkError, match=r"state of 2 MiB in 10 rows, above the 1 MiB .*withWatermark"):
        check_memory(2 << 20, 10, 1 << 20)
