"""Models on this machine: template, tokenizer, and a conversation with an engine process. Never imports torch."""
