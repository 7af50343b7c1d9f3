"""Conversations that are longer than a model's context: what is left out of them, and when."""
