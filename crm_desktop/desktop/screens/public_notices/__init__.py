"""Notices for the public: published, looked after and taken down by team leaders."""
