from __future__ import annotations

from pathlib import Path

from stream.harness import AddData, CheckAnswer, CheckBatches, StartStream, StopStream, Stream


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
