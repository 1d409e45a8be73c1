"""Waking devices that wait. A nudge carries nothing: what there is to know is in the feed."""
