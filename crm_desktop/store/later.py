"""Packages whose modules are loaded when they are first used, not when they are first named.

A desktop shows its queue with a handful of the hundred and thirty modules that its screens name;
the rest, with the tables and the ORM that they need, is loaded while somebody looks at it.
Python's own LazyLoader is for one thread alone before 3.12, and here the first use may be on any.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

_named: set[str] = set()


def modules_of(package: str) -> Callable[[str], ModuleType]:
    """The `__getattr__` of a package: `from package import module` loads nothing yet."""

    def module_of(name: str) -> ModuleType:
        full = f"{package}.{name}"
        if name.startswith("_") or find_spec(full) is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        _named.add(full)
        return _Later(full)

    return module_of


def load_named() -> None:
    """Load all that was named, so that nobody waits for it who uses it; on any thread."""
    while True:
        try:
            name = _named.pop()
        except KeyError:
            return
        import_module(name)


def load(module: ModuleType) -> ModuleType:
    """The module itself, loaded by now."""
    return import_module(module.__name__)


class _Later(ModuleType):
    """Stands for a module. Any thread may be the first to use it: whoever loads holds its lock."""

    @property
    def __dict__(self) -> dict[str, object]:  # type: ignore[override]  # of what it stands for
        return vars(load(self))

    def __getattr__(self, name: str) -> object:
        return getattr(load(self), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(load(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(load(self), name)
