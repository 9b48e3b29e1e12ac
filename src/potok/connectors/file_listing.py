# ruff: noqa: PTH112, PTH116, PTH119, PTH120 - paths are texts here: a source sees millions of them
"""What files a streaming source has, followed change by change where the kernel tells of changes."""

from __future__ import annotations

import os
import stat
import time

from potok.checkpoint.file_sink_log import FileSinkLog
from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import path_from_uri, sink_log_path
from potok.connectors.arrivals import is_local, start_watching
from potok.connectors.file_format import FormatContext
from potok.connectors.file_index import FileFilter, FoundFile, is_hidden, partitions_of
from potok.connectors.options import boolean
from potok.connectors.partitions import partition_texts
from potok.connectors.paths import expand_glob, has_glob
from potok.plan.logical import Options

# Between two whole listings of watched directories: for what the kernel does not tell.
_WATCHED_INTERVAL_S = 10.0
_LEAST_INTERVAL_S = 0.02
_MOST_INTERVAL_S = 60.0
# A listing may take this part of the time, so that an idle source costs less than one percent of a core.
_SHARE = 150.0


class FileListing:
    """The files of one path or pattern; `descriptor` polls readable when `look` may find more.

    A file that is just being created is passed over until its writer closes it, where the kernel tells; a
    whole listing (every ten seconds, and the first) takes it as it is. As with Spark, files are safe
    only when they are moved into the directory.
    """

    def __init__(
        self, path: str, options: Options, context: FormatContext, partition_names: set[str]
    ) -> None:
        self._path = path
        self._is_glob = has_glob(path)
        self._context = context
        self._partition_names = partition_names
        self._recursive = boolean(options, "recursiveFileLookup", default=False)
        self._accepts = FileFilter.of(options, context.time_zone).accepts
        self._sink_log: FileSinkLog | None = None
        self._sink_log_batch = -1
        self._arrivals = start_watching()
        self._watched_all = False
        self._local = is_local(path if not self._is_glob else "/")
        self._listed_s = -_MOST_INTERVAL_S
        self._cost_s = 0.0
        self._direct: set[str] = set()

    @property
    def descriptor(self) -> int | None:
        """See Source.wait_descriptor."""
        return None if self._arrivals is None else self._arrivals.descriptor

    def poll_interval_s(self) -> float:
        """See Source.poll_interval_s."""
        least = _WATCHED_INTERVAL_S if self._is_followed else _LEAST_INTERVAL_S
        return min(_MOST_INTERVAL_S, max(least, self._cost_s * _SHARE))

    @property
    def _is_followed(self) -> bool:
        return self._arrivals is not None and self._watched_all and self._local and not self._is_glob

    def look(self, *, everything: bool = False) -> list[FoundFile]:
        """Files that may be new. Some may have been given before."""
        changed = None if self._arrivals is None else self._arrivals.drain()
        now_s = time.monotonic()
        is_due = now_s - self._listed_s >= self.poll_interval_s()
        if everything or changed is None or not self._is_followed or is_due:
            found = self._list()
            self._listed_s = time.monotonic()
            self._cost_s = self._listed_s - now_s
            return found
        if self._sink_log is not None:
            return self._from_sink_log(self._sink_log) if changed else []
        return [file for path in changed if (file := self._arrived(path)) is not None]

    def close(self) -> None:
        """Let go of the descriptor."""
        if self._arrivals is not None:
            self._arrivals.close()

    # ---- one arrival ----

    def _arrived(self, path: str) -> FoundFile | None:
        directory, name = os.path.split(path)
        if is_hidden(name) or not self._is_read(directory):
            return None
        try:
            status = os.stat(path)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        file = FoundFile(path, status.st_size, status.st_mtime_ns // 1_000_000)
        return file if self._accepts(name, file.modification_time_ms) else None

    def _is_read(self, directory: str) -> bool:
        if self._recursive:
            return True
        if self._partition_names:
            return partition_texts(directory, [self._path])[0] is not None
        return directory in self._direct

    # ---- all ----

    def _list(self) -> list[FoundFile]:
        if not self._is_glob:
            if self._sink_log is not None or os.path.isdir(sink_log_path(self._path)):
                if self._sink_log is None:
                    self._sink_log = FileSinkLog(sink_log_path(self._path), LocalFileSystem())
                self._watched_all = self._watch(sink_log_path(self._path))
                return self._from_sink_log(self._sink_log)
            roots = [self._path]
        else:
            roots = expand_glob(self._path)
        self._watched_all = True
        self._direct = set(roots)
        found: list[FoundFile] = []
        for root in roots:
            self._walk(root, found)
        kept = [f for f in found if self._accepts(os.path.basename(f.path), f.modification_time_ms)]
        if self._recursive:
            return kept
        files_given = {f.path for f in found} & self._direct
        bases = [os.path.dirname(r) if r in files_given else r for r in roots]
        spec = partitions_of(kept, bases, self._context, None)
        if spec.schema.fields:
            return [f for f in kept if os.path.dirname(f.path) in spec.values]
        return [f for f in kept if f.path in self._direct or os.path.dirname(f.path) in self._direct]

    def _walk(self, directory: str, found: list[FoundFile]) -> None:
        # Watched before it is listed: nothing can come in between.
        self._watched_all &= self._watch(directory)
        directories = []
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if is_hidden(entry.name):
                        continue
                    try:
                        if entry.is_dir():
                            directories.append(entry.path)
                        else:
                            status = entry.stat()
                            found.append(
                                FoundFile(entry.path, status.st_size, status.st_mtime_ns // 1_000_000)
                            )
                    except FileNotFoundError:
                        continue
        except NotADirectoryError:
            status = os.stat(directory)
            found.append(FoundFile(directory, status.st_size, status.st_mtime_ns // 1_000_000))
        except FileNotFoundError:
            return
        for child in directories:
            self._walk(child, found)

    def _watch(self, directory: str) -> bool:
        return self._arrivals is not None and self._arrivals.watch(directory)

    def _from_sink_log(self, log: FileSinkLog) -> list[FoundFile]:
        ids = log.list_batch_ids()
        if not ids or ids[-1] == self._sink_log_batch:
            return []
        if self._sink_log_batch in range(ids[-1] - log.interval, ids[-1]):
            items = [item for i in range(self._sink_log_batch + 1, ids[-1] + 1) for item in log.get(i) or ()]
        else:
            items = log.all_files()
        self._sink_log_batch = ids[-1]
        return [
            FoundFile(path_from_uri(item.path), item.size, item.modification_time)
            for item in items
            if item.action == "add"
        ]
