from __future__ import annotations

import io
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

import pyspark.sql.connect.proto as pb
import pytest

from potok.connect.artifacts import Artifacts
from potok.errors import SparkError

Request: TypeAlias = pb.AddArtifactsRequest


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Artifacts]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = Artifacts()
    yield made
    made.close()


def chunk(data: bytes, *, crc: int | None = None) -> pb.AddArtifactsRequest.ArtifactChunk:
    return Request.ArtifactChunk(data=data, crc=zlib.crc32(data) if crc is None else crc)


def single(name: str, data: bytes = b"abc", *, crc: int | None = None) -> Request:
    artifact = Request.SingleChunkArtifact(name=name, data=chunk(data, crc=crc))
    return Request(batch=Request.Batch(artifacts=[artifact]))


def add(artifacts: Artifacts, *requests: Request) -> list[tuple[str, bool]]:
    return list(artifacts.add(requests))


@pytest.mark.parametrize(
    "name", ["../x", "files/../../x", "/abs", "", ".", "files/./../../x", "a\\..\\..\\x", "files/\0x"]
)
def test_no_name_leads_out_of_the_directory(artifacts: Artifacts, name: str) -> None:
    before = sorted(artifacts.directory.parent.iterdir())
    with pytest.raises(SparkError, match="INVALID_ARTIFACT_PATH"):
        add(artifacts, single(name))
    assert sorted(artifacts.directory.parent.iterdir()) == before
    assert list(artifacts.directory.rglob("*")) == []


def test_the_directory_is_for_this_user_only(artifacts: Artifacts) -> None:
    assert artifacts.directory.stat().st_mode & 0o077 == 0


def test_cached_data_comes_back(artifacts: Artifacts) -> None:
    assert add(artifacts, single("cache/abc", b"rows")) == [("cache/abc", True)]
    assert artifacts.cached_data("abc").to_pybytes() == b"rows"
    assert artifacts.has_cached("cache/abc")
    assert not artifacts.has_cached("cache/other")
    with pytest.raises(SparkError, match="CANNOT_FIND_CACHED_LOCAL_RELATION"):
        artifacts.cached_data("other")


def test_a_wrong_checksum_is_reported_and_nothing_kept(artifacts: Artifacts) -> None:
    assert add(artifacts, single("cache/abc", crc=5)) == [("cache/abc", False)]
    assert not artifacts.has_cached("cache/abc")


def test_chunks_become_one_file(artifacts: Artifacts) -> None:
    begin = Request(
        begin_chunk=Request.BeginChunkedArtifact(
            name="files/big", total_bytes=5, num_chunks=2, initial_chunk=chunk(b"abc")
        )
    )
    assert add(artifacts, begin, Request(chunk=chunk(b"de"))) == [("files/big", True)]
    assert (artifacts.directory / "files/big").read_bytes() == b"abcde"


def test_chunks_that_do_not_add_up_are_refused(artifacts: Artifacts) -> None:
    begin = Request(
        begin_chunk=Request.BeginChunkedArtifact(
            name="files/big", total_bytes=9, num_chunks=2, initial_chunk=chunk(b"abc")
        )
    )
    with pytest.raises(SparkError, match="5 bytes and not 9"):
        add(artifacts, begin, Request(chunk=chunk(b"de")))
    with pytest.raises(SparkError, match="ended before its last chunk"):
        add(artifacts, begin)
    with pytest.raises(SparkError, match="before the beginning"):
        add(artifacts, Request(chunk=chunk(b"de")))


def test_a_file_is_never_replaced_by_another(artifacts: Artifacts) -> None:
    add(artifacts, single("files/a"))
    assert add(artifacts, single("files/a")) == [("files/a", True)]
    with pytest.raises(SparkError, match="ARTIFACT_ALREADY_EXISTS"):
        add(artifacts, single("files/a", b"other"))


def test_a_python_file_can_be_imported_until_the_session_ends(artifacts: Artifacts) -> None:
    add(artifacts, single("pyfiles/potok_test_module.py", b"VALUE = 7\n"))
    assert import_module("potok_test_module").VALUE == 7
    entry = str(artifacts.directory / "pyfiles")
    assert entry in sys.path
    artifacts.close()
    assert entry not in sys.path


def test_archives_are_unpacked_inside(artifacts: Artifacts) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("../../evil.txt", "x")
        archive.writestr("good.txt", "y")
    add(artifacts, single("archives/a.zip#named", data.getvalue()))
    unpacked = artifacts.directory / "archives/unpacked/named"
    assert (unpacked / "good.txt").read_text() == "y"
    files = list(artifacts.directory.rglob("evil.txt"))
    assert all(f.is_relative_to(unpacked) for f in files)
    assert not (artifacts.directory.parent / "evil.txt").exists()


def test_a_tar_that_leads_outside_is_refused(artifacts: Artifacts) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        info = tarfile.TarInfo("../../evil.txt")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(SparkError, match="cannot be unpacked"):
        add(artifacts, single("archives/a.tar", data.getvalue()))
    assert not (artifacts.directory.parent / "evil.txt").exists()


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("forward_to_fs/tmp/x", "_LEGACY_ERROR_TEMP_3161"),
        ("jars/a.jar", "UNSUPPORTED_FEATURE.POTOK"),
        ("classes/A.class", "UNSUPPORTED_FEATURE.POTOK"),
    ],
)
def test_what_only_a_jvm_can_use_is_refused(artifacts: Artifacts, name: str, condition: str) -> None:
    with pytest.raises(SparkError) as caught:
        add(artifacts, single(name))
    assert caught.value.condition == condition
