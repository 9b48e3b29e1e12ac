"""One running query per checkpoint.

Spark has no lock: a second writer is noticed when both write the same log file, which may be after it
has read, and even written out, a batch that the first one is writing as well. Here a running query holds an
advisory lock (flock) on the directory of its checkpoint, so that a second process on this machine
stops before it has touched anything. The kernel lets go of the lock when the process dies, however it
dies: there is no lock file to go stale. Writers that know nothing of the lock (Spark itself, another
machine, a file system without flock) are still told apart as in Spark, by the exclusive creation of
each log file.
"""

from __future__ import annotations

import errno
import fcntl
import os
from typing import Protocol

from potok.errors import SparkError

_TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}


class Lock(Protocol):
    """Something that a run holds until its end."""

    def release(self) -> None:
        """Let others have it; may be called more than once."""
        ...


class CheckpointLock:
    """The lock of one run; taken when made. Raises CONCURRENT_STREAM_LOG_UPDATE if another holds it."""

    def __init__(self, root: str, next_batch_id: int) -> None:
        self._descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                self.release()
                raise SparkError("CONCURRENT_STREAM_LOG_UPDATE", batchId=next_batch_id) from error
            # A file system without flock: Spark's own protection remains.

    def release(self) -> None:
        """Let others have it; may be called more than once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
