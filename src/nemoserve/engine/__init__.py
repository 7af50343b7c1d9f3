"""Local inference: knows token ids and tensors, never HTTP or text. Importing this package does not import torch."""
