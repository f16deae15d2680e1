"""Which chainrule this is; packages, commands and saved steps say it."""

__version__ = "0.1.0"
