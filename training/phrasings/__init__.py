"""What people say: the lists of phrasings that the tasks are asked in. Lists alone, no code; a fifth of each is held out."""
