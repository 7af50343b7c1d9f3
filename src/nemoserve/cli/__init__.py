"""The command line: what a person types. Knows the server's address and its public API; nothing below `http`."""
