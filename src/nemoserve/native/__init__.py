"""The native CPU library: quantised products in C++, compiled once and called by ctypes. Knows arrays; no models, no torch."""
