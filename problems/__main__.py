"""`python -m problems`: the `problems` command."""

from problems.cli import main

if __name__ == "__main__":
    main()
