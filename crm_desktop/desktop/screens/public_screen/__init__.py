"""The screen that faces the public: tickets and where to go, and nobody's name."""
