"""``python -m leakwatch``: the command line, where the command itself is on no path."""

from leakwatch.cli import main

if __name__ == "__main__":
    main()
