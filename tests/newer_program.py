"""A program later than this one: its migrations have one step more."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.centre import MIGRATIONS


def head() -> str:
    """This program's newest revision; their numbers go up."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def newer_program(
    folder: Path, step: str = "op.create_table('more', sa.Column('id', sa.Integer))"
) -> Path:
    """The migrations of a later program, whose step does `step`."""
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "9999_more.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f'revision = "9999"\ndown_revision = "{head()}"\n'
        "branch_labels = depends_on = None\n"
        f"def upgrade():\n    {step}\n"
    )
    return migrations
