"""The `voltaire` command."""
