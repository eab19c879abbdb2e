"""`python -m socorro_fast.cli`: the command line without its installed script."""

from socorro_fast.cli import main

if __name__ == "__main__":
    main()
