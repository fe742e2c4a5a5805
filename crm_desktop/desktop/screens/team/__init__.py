"""The team leader's screen: queues, people, what waits, what needs a decision."""
