"""A checkpoint with state variables names a provider that no Spark can load, and potok refuses Spark's own."""

from __future__ import annotations

import json
from pathlib import Path

from potok.checkpoint.offset_log import FOREIGN_PROVIDER, STATE_STORE_PROVIDER
from potok.stateful.providers import ROCKS_DB
from stateful.sides import Side

FAMILY, SCENARIO = "user_state_transform", "value_pandas"


def test_provider_of_state_variables(potok: Side, tmp_path: Path) -> None:
    root = tmp_path / "root"
    potok.run(FAMILY, SCENARIO, root, last=2)
    logs = sorted((root / "checkpoint" / "offsets").glob("[0-9]*"))
    assert len(logs) == 2
    for log in logs:
        lines = log.read_text(encoding="utf-8").split("\n")
        header = json.loads(lines[1])
        assert header["conf"][STATE_STORE_PROVIDER] == FOREIGN_PROVIDER
        header["conf"][STATE_STORE_PROVIDER] = ROCKS_DB
        log.write_text("\n".join([lines[0], json.dumps(header), *lines[2:]]), encoding="utf-8")
    told = potok.run(FAMILY, SCENARIO, root, 2)
    message = told["steps"][0][0]["error"]["message"]
    assert "state that Spark has written to RocksDB" in message
    assert "start with a new checkpoint directory" in message
