"""Sizes, counts and times both sides enforce. Units are in the names or stated beside them."""

ENVELOPE_BYTES = 262_144
"""Largest sealed event on the wire, UTF-8 bytes of its JSON."""
PADDING_STEPS = (2048, 4096, 8192, 16_384, 32_768, 65_536)
"""A signed event is padded to the next of these sizes (bytes), so that its length tells little."""
EVENT_BYTES = PADDING_STEPS[-1]
"""Largest signed event before sealing, bytes."""
READERS = 200
"""Most reader keys of one envelope."""
BATCH_EVENTS = 50
"""Most events of one request."""
BATCH_BYTES = 524_288
"""Largest request body, bytes. An envelope of full size always fits."""
PACKAGE_BYTES = 65_536
"""Largest sealed invite package, bytes."""
ROSTER_VERSION_BYTES = 16_384
"""Largest roster version, bytes of its compact JWS."""
FEED_ENTRIES = 200
"""Most entries of one feed page."""
FEED_BYTES = 1_048_576
"""Soft limit of a feed page, bytes; a page holds at least one entry."""
INVITE_HOURS = 48
"""How long an invite can be used, counted by the server's clock from its receipt."""
SESSION_HOURS = 12
"""How long a read session lasts; a new one costs the device one signature."""
CHALLENGE_SECONDS = 120
"""How long a session challenge can be answered."""
SETUP_TOKEN_BYTES = 32
"""Random bytes of the one-time set-up token."""
