"""From a model's raw pieces of text to events, and from events to one answer. Pure: no I/O, no logging, no engine."""
