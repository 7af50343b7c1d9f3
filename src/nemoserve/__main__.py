"""`python -m nemoserve` is the command line. Knows nothing else."""

from nemoserve.cli.main import main

if __name__ == "__main__":
    main()
