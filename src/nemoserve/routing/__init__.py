"""Which endpoint serves a request: filters, order, health. Pure: time and chance are given; no I/O, no logging."""
