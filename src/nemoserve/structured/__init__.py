"""Answers and calls that must have a given form: what is asked for, as a grammar that the engine enforces."""
