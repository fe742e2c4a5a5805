"""The steps of intake: reading an arrival, placing it, bounces, acknowledgements."""
