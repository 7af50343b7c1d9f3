"""The gateway's vocabulary: requests, events, usage, errors. Knows no I/O, no wire format and no engine."""
