"""One process for each engine that is measured; each reads orders and answers with times. The process knows one engine."""
