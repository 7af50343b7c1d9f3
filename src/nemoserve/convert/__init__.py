"""Making a quantised checkpoint from another, and measuring what that cost. Knows the engine's layers; no gateway."""
