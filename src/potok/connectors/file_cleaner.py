# ruff: noqa: PTH103, PTH108, PTH110, PTH120 - paths are texts here: a source sees millions of them
"""What becomes of input files whose batch is done: option cleanSource. Source of fact: FileStreamSourceCleaner."""

from __future__ import annotations

import logging
import os
import re
import shutil
from dataclasses import dataclass

from potok.connectors.file_source_options import FileSourceOptions
from potok.connectors.options import illegal_argument
from potok.connectors.paths import local_path, pattern_regex

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileCleaner:
    """Deletes files, or moves them below `archive_root` under their whole path. Failures are only logged."""

    archive_root: str | None

    @classmethod
    def of(cls, options: FileSourceOptions, source_path: str) -> FileCleaner | None:
        """None where files stay. Raises for an archive that the source could read again."""
        if options.clean_source == "OFF":
            return None
        if options.clean_source == "DELETE":
            return cls(None)
        archive = local_path(options.source_archive_dir or "")
        if _may_match(archive, source_path):
            raise illegal_argument(
                "requirement failed: Base archive path cannot be set to the path where archived path can"
                " possibly match with source pattern. Ensure the base archive path doesn't match with source"
                " pattern in depth, where the depth is minimum of depth on both paths."
            )
        return cls(archive)

    def clean(self, path: str) -> None:
        """Delete or archive one file; a file that is gone is fine."""
        try:
            if self.archive_root is None:
                os.unlink(path)
                return
            target = self.archive_root + path
            if os.path.exists(target) and os.path.exists(path):
                _log.warning("Fail to move %s to %s / skip moving file.", path, target)
                return
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.move(path, target)
        except FileNotFoundError:
            return
        except OSError as error:
            _log.warning("Failed to clean up completed file %s: %s", path, error)


def _may_match(archive: str, source: str) -> bool:
    archive_parts = [p for p in archive.split("/") if p]
    source_parts = [p for p in source.split("/") if p]
    patterns: list[re.Pattern[str]] = [pattern_regex(p) for p in source_parts]
    return all(p.fullmatch(part) for p, part in zip(patterns, archive_parts, strict=False))
