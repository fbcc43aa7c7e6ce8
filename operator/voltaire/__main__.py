"""`python -m voltaire` is the `voltaire` command."""

from voltaire.cli.main import main

if __name__ == "__main__":
    main()
