"""The version of aseptic; `pyproject.toml` reads it from here."""

__version__ = "0.1.0"
