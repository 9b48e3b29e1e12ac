"""Walking and rebuilding trees of frozen dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Self

_FIELD_NAMES: dict[type, tuple[str, ...]] = {}


def _field_names(node: Node) -> tuple[str, ...]:
    names = _FIELD_NAMES.get(node.__class__)
    if names is None:
        names = _FIELD_NAMES[node.__class__] = tuple(f.name for f in fields(node))
    return names


@dataclass(frozen=True)
class Node:
    """One node. Children are the fields of type `Node` and tuples that hold nodes, at any depth."""

    def children(self, kind: type[Node] | None = None) -> Iterator[Node]:
        """The direct children (of the given class), in the order of the fields."""
        for name in _field_names(self):
            yield from _nodes(getattr(self, name), kind or Node)

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, parents first."""
        yield self
        for child in self.children():
            yield from child.walk()

    def map_children(self, change: Callable[[Node], Node], kind: type[Node] | None = None) -> Self:
        """This node with each direct child (of the given class) replaced; itself where none changed."""
        changes = {}
        for name in _field_names(self):
            old = getattr(self, name)
            new = _mapped(old, change, kind or Node)
            if new is not old:
                changes[name] = new
        return replace(self, **changes) if changes else self


def _nodes(value: object, kind: type[Node]) -> Iterator[Node]:
    if isinstance(value, kind):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item, kind)


def _mapped(value: object, change: Callable[[Node], Node], kind: type[Node]) -> object:
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, tuple):
        items = [_mapped(item, change, kind) for item in value]
        if any(new is not old for new, old in zip(items, value, strict=True)):
            return tuple(items)
    return value
