"""The model families, one module each, and the one way to load a checkpoint of any of them."""

from nemoserve.engine.models.load import Model, load_model

__all__ = ["Model", "load_model"]
