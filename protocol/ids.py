"""Random identifiers. Version 4 UUIDs only: a version 7 id would tell when something was written."""

import re
import uuid

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


def new_id() -> str:
    """A fresh random id: UUID version 4, lower case, 36 characters."""
    return str(uuid.uuid4())


def is_id(value: object) -> bool:
    """Whether `value` is an id in the one accepted spelling."""
    return isinstance(value, str) and _UUID4.fullmatch(value) is not None


def is_digest(value: object) -> bool:
    """Whether `value` is a SHA-256 digest in base64url without padding (43 characters)."""
    return isinstance(value, str) and _THUMBPRINT.fullmatch(value) is not None
