"""Desktop, gateway and database are broken at random under load; then everything is counted."""
