"""Trygg ute's server: keeps sealed events in order, hands them to whom they are addressed, and can open none of them."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("trygg-ute")
except PackageNotFoundError:  # run from a folder that was never installed
    VERSION = "0"
"""Version of this release, as the health check and the API tell it."""
