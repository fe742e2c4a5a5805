"""The second desktop: a colleague's own process, read through the accessibility tree it writes.

The first process asks through files: `asked-N.json` holds what to do, `answered-N.json` follows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from crm_desktop.services import Target

FOLDER, ORDERS, TREE = "second", "orders.json", "tree.json"
_MOST_SAID = 2_000
_QUEUE = "Contacts in hand and waiting"

Node = Mapping[str, Any]


class SecondDesktop:
    """The colleague's desktop as the first process knows it: by what it wrote down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._numbers = count(1)

    def give_orders(self, target: Target) -> None:
        """Write down what the process needs; before it starts."""
        self._folder.mkdir(mode=0o700)
        orders = {"url": target.url, "login": target.login, "password": target.password}
        write_whole(self._folder / ORDERS, json.dumps(orders))

    def lists(self, words: str) -> bool:
        """Whether a row of the queue is spoken with these words."""
        return any(words in each for each in self.rows())

    def says(self, *texts: str) -> bool:
        """Whether its window says all of these anywhere."""
        said = "\n".join(_texts(self._tree()))
        return all(each in said for each in texts)

    def seen(self) -> str:
        """Its window in words, shortened."""
        said = " | ".join(_texts(self._tree()))
        return f"the second desktop says: {said[:_MOST_SAID] or 'nothing'}"

    def ask(self, verb: str, words: str) -> Callable[[], bool]:
        """Have a person there do something; the answer tells whether it is done."""
        number = next(self._numbers)
        write_whole(self._folder / f"asked-{number}.json", json.dumps([verb, words]))
        return (self._folder / f"answered-{number}.json").exists

    def _tree(self) -> Node:
        file = self._folder / TREE
        tree: Node = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return tree

    def rows(self) -> list[str]:
        """The rows of its queue as they are spoken."""
        return [
            str(row.get("name", ""))
            for node in _walk(self._tree())
            if node.get("name") == _QUEUE
            for row in node.get("children", ())
        ]


def _walk(node: Node) -> Iterator[Node]:
    """A node and what is below it, without the pages behind."""
    if "invisible" in node.get("states", ()):
        return
    yield node
    for child in node.get("children", ()):
        yield from _walk(child)


def _texts(tree: Node) -> list[str]:
    return [str(node[part]) for node in _walk(tree) for part in ("name", "value") if node.get(part)]


def write_whole(path: Path, text: str) -> None:
    """A reader sees the whole file or none; only this user may read it."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    part.replace(path)
