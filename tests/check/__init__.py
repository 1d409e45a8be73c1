"""Checks of what no linter knows: `python -m tests.check`, a part of `make check`.

Each module has one function `problems(root)` that returns lines, `path:line: what is wrong`; none means all is well.
"""
