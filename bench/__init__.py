"""Benchmarks against named peers: ratios from one run, by scripts that anyone can run."""
