"""Attempts at a reply: on this machine or at a provider, one after the other until one begins. Knows no wire format."""
