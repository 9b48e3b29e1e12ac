"""The options of the streaming file source. Source of fact: FileStreamOptions."""

from __future__ import annotations

from dataclasses import dataclass

from potok.connectors.file_format import FormatContext
from potok.connectors.options import (
    boolean,
    duration_ms,
    illegal_argument,
    positive,
    source_boolean,
)
from potok.plan.logical import Options

# Names of partition columns, joined by `/`, that the relation found when it was loaded.
PARTITION_COLUMNS = "potok.partitionColumns"
_MODES = ("ARCHIVE", "DELETE", "OFF")


@dataclass(frozen=True)
class FileSourceOptions:
    """Attributes carry the options' names. `max_file_age_ms` is None where age does not matter."""

    max_files_per_trigger: int | None
    max_bytes_per_trigger: int | None
    max_file_age_ms: int | None
    latest_first: bool
    file_name_only: bool
    clean_source: str
    source_archive_dir: str | None
    by_content: bool
    options: Options

    @classmethod
    def of(cls, options: Options) -> FileSourceOptions:
        """Raises SparkError for a value that Spark refuses."""
        for name in ("modifiedBefore", "modifiedAfter"):
            if name in options:
                raise illegal_argument(f"option '{name.lower()}' is not allowed in file stream sources")
        max_files = positive(options, "maxFilesPerTrigger", int)
        max_bytes = positive(options, "maxBytesPerTrigger", int)
        if max_files is not None and max_bytes is not None:
            raise illegal_argument(
                "Options 'maxFilesPerTrigger' and 'maxBytesPerTrigger' can't be both set at the same time"
            )
        # It bounds a cache that is not needed here: arrivals are followed one by one.
        positive(options, "maxCachedFiles", lambda text: int(text) + 1)
        max_age_ms = duration_ms(options.get("maxFileAge", "7d"))
        latest_first = source_boolean(options, "latestFirst", default=False)
        mode = options.get("cleanSource", "OFF").upper()
        if mode not in _MODES:
            raise illegal_argument(
                f"Invalid mode for clean source option Some({options.get('cleanSource')})."
                f" Must be one of {','.join(_MODES)}"
            )
        archive = options.get("sourceArchiveDir")
        if mode == "ARCHIVE" and archive is None:
            raise illegal_argument("Archive mode must be used with 'sourceArchiveDir' option.")
        identity = options.get("fileIdentity", "path").lower()
        if identity not in {"path", "content"}:
            raise illegal_argument(
                f"Invalid value '{identity}' for option 'fileIdentity', must be 'path' or 'content'"
            )
        limited = max_files is not None or max_bytes is not None
        return cls(
            max_files_per_trigger=max_files,
            max_bytes_per_trigger=max_bytes,
            max_file_age_ms=None if latest_first and limited else max_age_ms,
            latest_first=latest_first,
            file_name_only=source_boolean(options, "fileNameOnly", default=False),
            clean_source=mode,
            source_archive_dir=archive,
            by_content=identity == "content",
            options=options,
        )

    def ignore_corrupt_files(self, context: FormatContext) -> bool:
        """The option ignoreCorruptFiles, or the configuration's."""
        default = context.flag("spark.sql.files.ignoreCorruptFiles", default=False)
        return boolean(self.options, "ignoreCorruptFiles", default=default)
