"""The surface: routes, wire formats, streams, error bodies. Past it there are no wire formats; behind it, no HTTP."""
