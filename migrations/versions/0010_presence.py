"""What a person chose to be, for how long, and what the system saw."""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by its owner."""
