"""How the embedded model is made: data generators, tokenizer, recipe and evaluation. Never imported by the server."""
