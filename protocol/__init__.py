"""What the app and the server must agree on, and nothing else.

Everything here is pure and needs the standard library only, so that the same code runs in the browser and on CPython.
The one exception is `protocol.jose`, which does the cryptography on CPython; the browser does it with WebCrypto.
The wire format in words: docs/protocol.md. Known answers both sides open: protocol/vectors.
"""

PROTOCOL_VERSION = 1
"""Version of envelope, event and request formats. An older client keeps a newer event and says that an update is needed."""
