"""The engine's own kernels for a GPU: what surrounds the linear maps, in Triton. Plain tensors in and out, no waiting for the
device, and no value of a tensor read on the host, so that every call can be recorded in a CUDA graph."""
