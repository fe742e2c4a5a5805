"""Skills and queues for a while, huddles and notes."""

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by its owner."""
