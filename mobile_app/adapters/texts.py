"""The JSON of what adapters store and hand over: one spelling for both platforms. Member names are those of `ports`."""

import json
from dataclasses import asdict
from typing import Any

from mobile_app.ports import (
    AlarmContact,
    AlarmReader,
    AlarmSetup,
    DeviceKeys,
    OutboxRow,
    OutboxState,
    OwnAlarm,
)
from protocol.encoding import compact_json


def setup_text(setup: AlarmSetup) -> str:
    """What the alarm page works with, as text."""
    return compact_json(asdict(setup))


def read_setup(text: str) -> AlarmSetup | None:
    """Inverse of `setup_text`; an empty text is no setup."""
    if not text:
        return None
    raw = json.loads(text)
    readers = [AlarmReader(**reader) for reader in raw["readers"]]
    contacts = [AlarmContact(**contact) for contact in raw["contacts"]]
    return AlarmSetup(**{**raw, "readers": readers, "contacts": contacts})


def row_members(row: OutboxRow) -> dict[str, Any]:
    """An outbox row as a JSON object."""
    return {**asdict(row), "state": str(row.state)}


def read_row(raw: dict[str, Any]) -> OutboxRow:
    """Inverse of `row_members`; members an adapter keeps for itself are left out."""
    known = {name: raw[name] for name in OutboxRow.__dataclass_fields__ if name in raw}
    return OutboxRow(**{**known, "state": OutboxState(raw.get("state", OutboxState.QUEUED))})


def read_alarm(raw: dict[str, Any]) -> OwnAlarm:
    """An own alarm from its JSON object; members an adapter keeps for itself are left out."""
    return OwnAlarm(**{name: raw[name] for name in OwnAlarm.__dataclass_fields__ if name in raw})


def read_device_keys(text: str) -> DeviceKeys:
    """Public keys of a device from their JSON object."""
    raw = json.loads(text)
    return DeviceKeys(raw["field"], raw["member"], raw["encryption"])
