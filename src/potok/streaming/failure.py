"""How a failed query says so."""

from __future__ import annotations

from potok.errors import SparkError


class StreamingQueryError(SparkError):
    """Spark's StreamingQueryException: the query has ended because of `cause`.

    `message` is what `awaitTermination` raises; `description` what `StreamingQuery.exception()` shows:
    the cause's message and the state of the query, without condition.
    """

    def __init__(self, *, query_id: str, run_id: str, cause: BaseException, query_text: str) -> None:
        self.cause = cause
        self.query_text = query_text
        super().__init__("STREAM_FAILED", id=query_id, runId=run_id, message=cause_message(cause))

    @property
    def message(self) -> str:
        """The message of the condition, then the state of the query."""
        return f"{super().message}\n{self.query_text}"

    @property
    def description(self) -> str:
        """As `StreamingQuery.exception()` shows it."""
        return f"{cause_message(self.cause)}\n{self.query_text}"

    @property
    def cause_condition(self) -> str | None:
        """The condition of the cause, as listeners get it in `errorClassOnException`."""
        return self.cause.condition if isinstance(self.cause, SparkError) else None

    @property
    def cause_text(self) -> str:
        """The cause with its class, as listeners get it in `exception`."""
        if isinstance(self.cause, SparkError):
            return f"{self.cause.java_class}: {self.cause.message}"
        return f"{type(self.cause).__name__}: {self.cause}"


def forget_frames(error: BaseException) -> None:
    """Let go of the frames in which an error and its causes were raised, and of all that these hold.

    The handle of a failed query keeps its error for long, and may not keep the query's state with it.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = None
            pending += [one.__cause__, one.__context__]


def cause_message(cause: BaseException) -> str:
    """What a cause says; its class where it says nothing."""
    if isinstance(cause, SparkError):
        return cause.message
    return str(cause) or type(cause).__name__
