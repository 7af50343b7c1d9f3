"""Providers: their spellings, their connections, their keys and rates. Knows wire formats of others; nothing of our own."""
