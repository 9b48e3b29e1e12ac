"""What programs still ask of `spark.sparkContext` when they only use data frames."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, Self

from pyspark.errors import IllegalArgumentException, UnsupportedOperationException

from potok.connect.accumulator import LocalAccumulator, make_accumulator
from potok.connect.analyze import SPARK_VERSION
from potok.connect.log4j import LEVELS, Jvm
from potok.errors import unsupported

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_RDD_INSTEAD = "Use a data frame: spark.createDataFrame, spark.range, spark.read."
_RDD = frozenset(
    {
        "binaryFiles",
        "binaryRecords",
        "emptyRDD",
        "hadoopFile",
        "hadoopRDD",
        "newAPIHadoopFile",
        "newAPIHadoopRDD",
        "parallelize",
        "pickleFile",
        "range",
        "runJob",
        "sequenceFile",
        "textFile",
        "union",
        "wholeTextFiles",
    }
)
_JVM = frozenset({"_jsc", "_gateway", "_conf"})


class Broadcast:
    """A value that user functions see. They run in this process, so it is just kept."""

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - any value
        self.value = value

    def unpersist(self, blocking: bool = False) -> None:  # noqa: FBT001, FBT002 - PySpark's signature
        """There are no copies to drop."""

    def destroy(self, blocking: bool = False) -> None:  # noqa: FBT001, FBT002 - PySpark's signature
        """Forget the value."""
        del blocking, self.value


class ContextConf:
    """`sparkContext.getConf()`: the settings of the session, to be read."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def get(self, key: str, defaultValue: str | None = None) -> str | None:  # noqa: N803 - PySpark's name
        """The setting, or the default."""
        return self._values.get(key, defaultValue)

    def getAll(self) -> list[tuple[str, str]]:  # noqa: N802 - PySpark's name
        """All settings that were given."""
        return list(self._values.items())

    def contains(self, key: str) -> bool:
        """Whether the setting was given."""
        return key in self._values

    def toDebugString(self) -> str:  # noqa: N802 - PySpark's name
        """One setting a line."""
        return "\n".join(f"{key}={value}" for key, value in sorted(self._values.items()))


class LocalContext:
    """The few members of SparkContext that mean something without a JVM.

    Everything that makes an RDD, or reaches into the JVM, raises UnsupportedOperationException.
    """

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._properties = threading.local()
        self.startTime = int(time.time() * 1000)
        self.applicationId = f"local-{self.startTime}"
        self.version = SPARK_VERSION
        self.pythonVer = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.sparkHome = None
        self._jvm = Jvm()
        self.uiWebUrl = None

    @property
    def appName(self) -> str:  # noqa: N802 - PySpark's name
        """The application's name."""
        return str(self._session.conf.get("spark.app.name", "pyspark"))

    @property
    def master(self) -> str:
        """Where Spark would run: always this process."""
        return str(self._session.conf.get("spark.master", "local[*]"))

    @property
    def defaultParallelism(self) -> int:  # noqa: N802 - PySpark's name
        """The number of processors that may be used."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @property
    def defaultMinPartitions(self) -> int:  # noqa: N802 - PySpark's name
        """At most two, as in Spark."""
        return min(self.defaultParallelism, 2)

    def setLogLevel(self, logLevel: str) -> None:  # noqa: N802, N803 - PySpark's names
        """How much the engine says on stderr."""
        level = LEVELS.get(logLevel.upper())
        if level is None:
            known = ",".join(sorted(LEVELS))
            raise IllegalArgumentException(
                f"requirement failed: Supplied level {logLevel} did not match one of: {known}"
            )
        logging.getLogger("potok").setLevel(level)

    def getConf(self) -> ContextConf:  # noqa: N802 - PySpark's name
        """The settings."""
        return ContextConf({"spark.master": self.master, **self._session.conf.getAll})

    def addPyFile(self, path: str) -> None:  # noqa: N802 - PySpark's name
        """Make a module importable by user functions."""
        self._session.addArtifacts(path, pyfile=True)

    def addFile(self, path: str, recursive: bool = False) -> None:  # noqa: N802, FBT001, FBT002 - PySpark's signature
        """Keep a file with the session."""
        if recursive:
            raise UnsupportedOperationException(unsupported("addFile of a folder", "Add an archive.").message)
        self._session.addArtifacts(path, file=True)

    def addArchive(self, path: str) -> None:  # noqa: N802 - PySpark's name
        """Keep an archive with the session, unpacked."""
        self._session.addArtifacts(path, archive=True)

    def broadcast(self, value: Any) -> Broadcast:  # noqa: ANN401 - any value
        """A value for user functions."""
        return Broadcast(value)

    def accumulator(self, value: Any, accum_param: Any = None) -> LocalAccumulator:  # noqa: ANN401 - as PySpark's
        """A value that user functions add to."""
        return make_accumulator(value, accum_param)

    def setCheckpointDir(self, dirName: str) -> None:  # noqa: N802, N803 - PySpark's names
        """Allow `df.checkpoint()`."""
        self._session.conf.set("spark.checkpoint.dir", dirName)

    def getCheckpointDir(self) -> str | None:  # noqa: N802 - PySpark's name
        """What `setCheckpointDir` was given."""
        directory = self._session.conf.get("spark.checkpoint.dir", None)
        return None if directory is None else str(directory)

    def setLocalProperty(self, key: str, value: str | None) -> None:  # noqa: N802 - PySpark's name
        """Kept for `getLocalProperty`; there are no pools and no jobs that would look at it."""
        _warn_once(
            f"sparkContext.setLocalProperty({key!r}) changes nothing: queries are not scheduled in pools."
        )
        self._local_properties()[key] = value

    def getLocalProperty(self, key: str) -> str | None:  # noqa: N802 - PySpark's name
        """What `setLocalProperty` was given in this thread."""
        return self._local_properties().get(key)

    def setJobGroup(  # noqa: N802 - PySpark's name
        self,
        groupId: str,  # noqa: N803 - PySpark's name
        description: str,
        interruptOnCancel: bool = False,  # noqa: N803, FBT001, FBT002 - PySpark's signature
    ) -> None:
        """Mark the operations of this thread, so that `cancelJobGroup` finds them."""
        del description, interruptOnCancel
        self._session.addTag(groupId)

    def cancelJobGroup(self, groupId: str) -> None:  # noqa: N802, N803 - PySpark's names
        """Cancel the operations of a group."""
        self._session.interruptTag(groupId)

    def setJobDescription(self, value: str | None) -> None:  # noqa: N802 - PySpark's name
        """Descriptions are shown nowhere."""
        del value

    def cancelAllJobs(self) -> None:  # noqa: N802 - PySpark's name
        """Cancel the operations that run."""
        self._session.interruptAll()

    def addJobTag(self, tag: str) -> None:  # noqa: N802 - PySpark's name
        """Mark the operations of this thread."""
        self._session.addTag(tag)

    def removeJobTag(self, tag: str) -> None:  # noqa: N802 - PySpark's name
        """Mark them no longer."""
        self._session.removeTag(tag)

    def getJobTags(self) -> set[str]:  # noqa: N802 - PySpark's name
        """The marks of this thread."""
        return set(self._session.getTags())

    def clearJobTags(self) -> None:  # noqa: N802 - PySpark's name
        """Mark nothing any more."""
        self._session.clearTags()

    def cancelJobsWithTag(self, tag: str) -> None:  # noqa: N802 - PySpark's name
        """Cancel the operations with the mark."""
        self._session.interruptTag(tag)

    def sparkUser(self) -> str:  # noqa: N802 - PySpark's name
        """Who runs the program."""
        return os.environ.get("SPARK_USER") or os.environ.get("USER") or ""

    def stop(self) -> None:
        """Stop the session, its queries first."""
        self._session.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as object.__getattribute__
        if name in _RDD:
            raise UnsupportedOperationException(unsupported(f"sparkContext.{name}", _RDD_INSTEAD).message)
        if name in _JVM:
            raise UnsupportedOperationException(
                unsupported(f"sparkContext.{name}", "There is no JVM behind this session.").message
            )
        msg = f"sparkContext has no attribute {name!r} here"
        raise AttributeError(msg)

    def _local_properties(self) -> dict[str, str | None]:
        found: dict[str, str | None] = self._properties.__dict__.setdefault("values", {})
        return found


_warned: set[str] = set()


def _warn_once(message: str) -> None:
    if message not in _warned:
        _warned.add(message)
        warnings.warn(message, stacklevel=3)
