"""nemoserve: the self-hosted home of the NVIDIA Nemotron models. Knows its version and nothing else."""

__version__ = "0.1.0"
