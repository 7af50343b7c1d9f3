"""A stand-in for every provider that nemoserve speaks to: real sockets, real wire formats, faults on demand; no model."""
