"""Adding a customer's document: from files, the scanner's folder, the clipboard or a camera."""
