"""What clients leave at the server under a secret of their own must really be sealed: only its shape can be checked."""

import json

from protocol.encoding import unb64url
from protocol.jose import PACKAGE_HEADER


def is_sealed_package(text: str) -> bool:
    """Whether `text` is a compact JWE, alg "dir" (so no encrypted key), enc A256GCM, with no other header member."""
    parts = text.split(".")
    if len(parts) != 5 or parts[1]:
        return False
    try:
        header, iv, _, tag = (unb64url(part) for part in (parts[0], parts[2], parts[3], parts[4]))
        return json.loads(header) == PACKAGE_HEADER and len(iv) == 12 and len(tag) == 16
    except ValueError:
        return False
