"""What batches read, in which order things are written, what a restart repeats."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from potok.plan.commands import Trigger
from potok.streaming.steps import STEPS
from stream.harness import (
    AddData,
    AdvanceManualClock,
    Assert,
    AwaitFirstTrigger,
    AwaitTermination,
    CheckAnswer,
    CheckBatches,
    ExpectFailure,
    ManualClock,
    ProcessAllAvailable,
    StartStream,
    Step,
    StopStream,
    Stream,
    numbers_relation,
    stopping,
    union,
)

ONCE = Trigger("once")
AVAILABLE_NOW = Trigger("available_now")


def every(interval: str) -> Trigger:
    return Trigger("processing_time", interval)


class FailAt(Step):
    """Make the sink fail at a batch, or no more."""

    def __init__(self, batch_id: int | None) -> None:
        self.batch_id = batch_id

    def take(self, stream: Stream) -> None:
        stream.sink.fail_at = self.batch_id


class SetBack(Step):
    """Set the clock back."""

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    def take(self, stream: Stream) -> None:
        assert isinstance(stream.clock, ManualClock)
        stream.clock.set_back(self.milliseconds)


def test_batches_follow_the_data_and_survive_a_restart(tmp_path: Path) -> None:
    stream = Stream(tmp_path).run(
        AddData("a", 1, 2),
        StartStream(),
        CheckAnswer(1, 2),
        AddData("a", 3),
        CheckAnswer(1, 2, 3),
        StopStream(),
        AddData("a", 4),
        StartStream(),
        CheckAnswer(1, 2, 3, 4),
        StopStream(),
        CheckBatches((0, [1, 2]), (1, [3]), (2, [4])),
    )
    assert stream.offsets() == {0: ["1"], 1: ["2"], 2: ["3"]}
    assert stream.sink.begun == [(0, False), (2, False)]


def test_a_restart_without_data_runs_nothing(tmp_path: Path) -> None:
    stream = Stream(tmp_path).run(
        AddData("a", 1), StartStream(), ProcessAllAvailable(), StopStream(),
        StartStream(), ProcessAllAvailable(), StopStream(),
    )  # fmt: skip
    assert stream.sink.batches == [(0, [1])]
    assert list(stream.log("offsets")) == [0]


def test_a_failed_batch_is_repeated_with_its_own_range(tmp_path: Path) -> None:
    stream = Stream(tmp_path).run(
        AddData("a", 1),
        StartStream(),
        CheckAnswer(1),
        FailAt(1),
        AddData("a", 2, 3),
        ExpectFailure("INTERNAL_ERROR"),
        Assert(lambda s: list(s.log("offsets")) == [0, 1] and list(s.log("commits")) == [0]),
        AddData("a", 4),
        FailAt(None),
        StartStream(),
        CheckAnswer(1, 2, 3, 4),
        StopStream(),
        CheckBatches((0, [1]), (1, [2, 3]), (2, [4])),
    )
    assert stream.offsets() == {0: ["0"], 1: ["2"], 2: ["3"]}
    assert stream.sink.begun == [(0, False), (1, True)]
    # The repeated batch sees the time at which it was first planned.
    planned = json.loads(stream.log("offsets")[1].split("\n")[1])["batchTimestampMs"]
    assert [int(b.now.timestamp() * 1000) for b in stream.session.batches if b.batch_id == 1] == [planned] * 2


def test_a_batch_that_was_written_but_not_committed_is_delivered_again(tmp_path: Path) -> None:
    stream = Stream(tmp_path).run(AddData("a", 1, 2), StartStream(), ProcessAllAvailable(), StopStream())
    (stream.checkpoint / "commits" / "0").unlink()
    stream.run(AddData("a", 3), StartStream(), ProcessAllAvailable(), StopStream())
    assert stream.sink.batches == [(0, [1, 2]), (0, [1, 2]), (1, [3])]


def test_once_ignores_limits(tmp_path: Path) -> None:
    Stream(tmp_path, numbers_relation(rowsPerTrigger="1")).run(
        AddData("a", 1, 2, 3),
        StartStream(ONCE),
        AwaitTermination(),
        CheckBatches((0, [1, 2, 3])),
        StartStream(ONCE),
        AwaitTermination(),
        CheckBatches((0, [1, 2, 3])),
    )


def test_available_now_honours_limits_and_its_horizon(tmp_path: Path) -> None:
    stream = Stream(tmp_path, numbers_relation(rowsPerTrigger="2"))
    late = [10]

    def on_batch(batch_id: int) -> None:
        if late:
            stream.session.numbers.of("a").add([late.pop()])

    stream.sink.on_batch = on_batch
    stream.run(
        AddData("a", 1, 2, 3),
        StartStream(AVAILABLE_NOW),
        AwaitTermination(),
        CheckBatches((0, [1, 2]), (1, [3])),
        StartStream(AVAILABLE_NOW),
        AwaitTermination(),
        CheckBatches((0, [1, 2]), (1, [3]), (2, [10])),
    )


def test_limits_hold_for_the_default_trigger(tmp_path: Path) -> None:
    Stream(tmp_path, numbers_relation(rowsPerTrigger="2")).run(
        AddData("a", 1, 2, 3), StartStream(), CheckAnswer(1, 2, 3), CheckBatches((0, [1, 2]), (1, [3]))
    )


def test_processing_time_waits_for_multiples_of_the_interval(tmp_path: Path) -> None:
    clock = ManualClock(1_000_500)
    stream = Stream(tmp_path, clock=clock).run(
        AddData("a", 1),
        StartStream(every("1 second")),
        AwaitFirstTrigger(),
        CheckBatches((0, [1])),
        AddData("a", 2),
        AdvanceManualClock(499),
        CheckBatches((0, [1])),
        AdvanceManualClock(1),
        CheckBatches((0, [1]), (1, [2])),
        AdvanceManualClock(1000),
        CheckBatches((0, [1]), (1, [2])),
        AddData("a", 3, 4),
        AdvanceManualClock(1000),
        CheckBatches((0, [1]), (1, [2]), (2, [3, 4])),
        StopStream(),
    )
    starts = [p.timestamp_ms for p in stream.running.recent_progress() if p.num_input_rows]
    assert starts == [1_000_500, 1_001_000, 1_003_000]


def test_a_clock_that_is_set_back_delays_no_batch(tmp_path: Path) -> None:
    clock = ManualClock(10_000_500)
    stream = Stream(tmp_path, clock=clock)
    stream.run(
        AddData("a", 1),
        StartStream(every("1 second")),
        AwaitFirstTrigger(),
        AddData("a", 2),
        SetBack(3_600_000),
        AdvanceManualClock(999),
        CheckBatches((0, [1])),
        AdvanceManualClock(1),
        CheckBatches((0, [1]), (1, [2])),
        AddData("a", 3),
        # The next multiple, by the clock as it is now.
        AdvanceManualClock(500),
        CheckBatches((0, [1]), (1, [2]), (2, [3])),
        StopStream(),
    )


def test_two_sources_have_two_offset_lines(tmp_path: Path) -> None:
    plan = union(numbers_relation("a", 1), numbers_relation("b", 2))
    stream = Stream(tmp_path, plan).run(
        AddData("a", 1),
        StartStream(),
        CheckAnswer(1),
        AddData("b", 5, 6),
        CheckAnswer(1, 5, 6),
        StopStream(),
        StartStream(),
        AddData("a", 2),
        CheckAnswer(1, 2, 5, 6),
        StopStream(),
    )
    assert stream.offsets() == {0: ["0", "-"], 1: ["0", "1"], 2: ["1", "1"]}
    progress = [p for p in stream.running.recent_progress() if p.num_input_rows]
    assert [s.num_input_rows for s in progress[-1].sources] == [1, 0]


def test_a_frame_used_twice_is_one_source_with_two_lines(tmp_path: Path) -> None:
    """As recorded in recorded/self_union.json."""
    frame = numbers_relation("a", 1)
    plan = union(frame, numbers_relation("b", 2), frame)
    stream = Stream(tmp_path, plan).run(
        AddData("a", 1), AddData("b", 7), StartStream(), ProcessAllAvailable(), StopStream()
    )
    assert stream.offsets() == {0: ["0", "0", "0"]}
    assert sorted(stream.sink.batches[0][1]) == [1, 1, 7]
    assert len(stream.session.numbers.sources) == 2
    progress = stream.running.recent_progress()[0]
    assert [s.num_input_rows for s in progress.sources] == [2, 1]
    assert progress.sink.num_output_rows == 3


def test_another_number_of_sources_is_refused(tmp_path: Path) -> None:
    stream = Stream(tmp_path).run(AddData("a", 1), StartStream(), CheckAnswer(1), StopStream())
    stream.write = replace(stream.write, plan=union(numbers_relation("a", 1), numbers_relation("b", 2)))
    stream.run(StartStream(), ExpectFailure("_LEGACY_ERROR_TEMP_CHECKPOINT.ASSERTION"))
    error = stream.running.exception()
    assert error is not None
    assert "There are [1] sources in the checkpoint offsets and now there are [2] sources" in error.message


def test_conf_of_the_checkpoint_wins(tmp_path: Path) -> None:
    key = "spark.sql.shuffle.partitions"
    stream = Stream(tmp_path, spark__sql__shuffle__partitions="3").run(
        AddData("a", 1), StartStream(), CheckAnswer(1), StopStream(),
        AddData("a", 2), StartStream(conf=((key, "7"),)), CheckAnswer(1, 2), StopStream(),
    )  # fmt: skip
    for text in stream.log("offsets").values():
        conf = json.loads(text.split("\n")[1])["conf"]
        assert conf[key] == "3"
        assert len(conf) == 17
    assert [batch.conf[key] for batch in stream.session.batches] == ["3", "3"]


def test_old_log_entries_are_purged(tmp_path: Path) -> None:
    stream = Stream(
        tmp_path, numbers_relation(rowsPerTrigger="1"), spark__sql__streaming__minBatchesToRetain="3"
    ).run(AddData("a", *range(15)), StartStream(), ProcessAllAvailable(), StopStream())
    assert list(stream.log("offsets")) == [11, 12, 13, 14]
    assert list(stream.log("commits")) == [11, 12, 13, 14]


def test_the_previous_range_is_committed_to_the_source(tmp_path: Path) -> None:
    stream = Stream(tmp_path, numbers_relation(rowsPerTrigger="1")).run(
        AddData("a", 1, 2, 3), StartStream(), ProcessAllAvailable(), StopStream()
    )
    assert stream.session.numbers.sources[0].committed == ["0", "1"]
    assert stream.session.numbers.sources[0].stopped


def test_steps_come_in_sparks_order(tmp_path: Path) -> None:
    stream = Stream(tmp_path).run(AddData("a", 1), StartStream(), ProcessAllAvailable(), StopStream())
    first = [name for name, begins, batch_id in stream.steps if begins and batch_id == 0]
    assert tuple(first) == STEPS
    ends = [name for name, begins, batch_id in stream.steps if not begins and batch_id == 0]
    assert sorted(ends) == sorted(first)


def test_stop_lets_a_begun_batch_finish(tmp_path: Path) -> None:
    stream = Stream(tmp_path)

    def on_batch(batch_id: int) -> None:
        stream.running._stopping = True

    stream.sink.on_batch = on_batch
    stream.run(AddData("a", 1), StartStream(), AwaitTermination())
    assert stream.sink.batches == [(0, [1])]
    assert list(stream.log("commits")) == [0]


def test_process_all_available_waits_for_rows_added_before_it(tmp_path: Path) -> None:
    stream = Stream(tmp_path, numbers_relation(rowsPerTrigger="1"))
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        for number in range(50):
            stream.session.numbers.of("a").add([number])
            query.process_all_available()
            assert len(stream.sink.batches) == number + 1


@pytest.mark.parametrize("trigger", [ONCE, AVAILABLE_NOW])
def test_a_repeated_batch_comes_first_with_triggers_that_end(tmp_path: Path, trigger: Trigger) -> None:
    stream = Stream(tmp_path).run(AddData("a", 1), StartStream(), ProcessAllAvailable(), StopStream())
    (stream.checkpoint / "commits" / "0").unlink()
    stream.run(AddData("a", 2), StartStream(trigger), AwaitTermination())
    delivered = [(0, [1]), (0, [1])]
    if trigger == AVAILABLE_NOW:
        delivered.append((1, [2]))
    assert stream.sink.batches == delivered
