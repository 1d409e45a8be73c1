"""What is truly known of something that was written: on this phone, at the server, opened by a named person."""

from dataclasses import dataclass
from enum import StrEnum


class ReceiptState(StrEnum):
    """`LOCAL`: durable on this device. `SENT`: the server has it. `SEEN`: somebody else has opened it."""

    LOCAL = "local"
    SENT = "sent"
    SEEN = "seen"


@dataclass(frozen=True)
class Receipt:
    """How far one thing has come. Times ms; `saved_at` by the author's device, the others by the server; 0 = not yet.

    `seen_by`: (name, at) of everybody else who has opened it, in the order the server got to know.
    `parked`: error code when the server refused it for good, else empty; it is still on this device.
    """

    state: ReceiptState = ReceiptState.LOCAL
    saved_at: int = 0
    sent_at: int = 0
    seen_by: tuple[tuple[str, int], ...] = ()
    parked: str = ""


def receipt(
    saved_at: int, sent_at: int, seen_by: tuple[tuple[str, int], ...] = (), parked: str = ""
) -> Receipt:
    """The receipt these facts make: somebody having opened it proves that it was sent."""
    if seen_by:
        return Receipt(ReceiptState.SEEN, saved_at, sent_at, seen_by)
    if sent_at:
        return Receipt(ReceiptState.SENT, saved_at, sent_at)
    return Receipt(ReceiptState.LOCAL, saved_at, 0, (), parked)
