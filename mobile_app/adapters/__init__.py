"""The ports on real machines: `browser` on WebCrypto and IndexedDB (through JavaScript), `native` on CPython and files."""
