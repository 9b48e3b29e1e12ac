"""A user's session: configuration, views, tables, running queries; the only way into the engine."""

from potok.session.runtime import Runtime
from potok.session.session import Session

__all__ = ["Runtime", "Session"]
