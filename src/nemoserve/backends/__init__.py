"""What can answer a request. Knows prompts and raw pieces of text; no wire format, no events."""
