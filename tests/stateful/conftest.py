from __future__ import annotations

from collections.abc import Iterator

import pytest

from stateful.sides import Side, potok_side


@pytest.fixture(scope="session")
def potok(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    side = potok_side(tmp_path_factory.mktemp("potok"))
    yield side
    side.close()
