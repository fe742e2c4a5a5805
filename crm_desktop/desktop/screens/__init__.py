"""The screens, a package each: view, presenter, model."""
