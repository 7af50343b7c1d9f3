"""The engine on one GPU: are its numbers right, and how near is it to what the GPU can do."""
