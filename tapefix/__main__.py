"""`python -m tapefix`."""

from tapefix.cli.main import main

if __name__ == "__main__":
    main()
