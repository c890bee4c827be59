"""
What developers run over vocabularies and documents: the modules `lint`, `diff`, `export` and `generate`.

May import `problems.documenting` and everything below it; no door of a framework and no terminal.
"""

__all__ = ["diff", "export", "generate", "lint"]
