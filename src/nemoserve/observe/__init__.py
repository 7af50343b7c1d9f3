"""Logs and metrics. Knows names and numbers; never a prompt or an answer."""
