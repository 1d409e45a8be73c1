"""Accepting sealed events, and handing each device what is addressed to it."""
