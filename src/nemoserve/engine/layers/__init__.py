"""The parts of the model families: linear maps, norms, attention, MLP, Mamba-2. Plain tensors in and out."""
