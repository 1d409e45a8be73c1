"""A unit as the server knows it: the fold of its roster, and when each device lost its place."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol.encoding import thumbprint
from protocol.kinds import Coarse
from protocol.roster import Device, Roster, step

REMOVED_URGENT_MS = 30 * 86_400_000
"""How long after its removal a device still rings, ms: someone removed by mistake may be in danger."""


@dataclass(frozen=True)
class Unit:
    """One unit. `removed`: device → time its removal was received (ms). The two tables are by key id."""

    roster: Roster
    removed: dict[str, int]
    readers: dict[str, Device] = field(default_factory=dict)
    field_keys: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Id of the unit."""
        return self.roster.unit

    @property
    def recovery_kid(self) -> str:
        """Key id of the unit's recovery key, which every envelope may name."""
        return thumbprint(self.roster.recovery.encryption)

    def is_active(self, device: str) -> bool:
        """Whether the device belongs to the unit now."""
        return device in self.roster.devices and device not in self.removed

    def member_of(self, device: str) -> str | None:
        """Whose device it is or was."""
        entry = self.roster.devices.get(device)
        return entry.member if entry else None

    def has_role(self, device: str, role: str) -> bool:
        """Whether an active device's member holds `role`."""
        member = self.member_of(device)
        return member is not None and self.is_active(device) and role in self.roster.members[member].roles

    def still_rings(self, device: str, now: int) -> bool:
        """Whether a removed device's urgent events are still taken at `now` (ms)."""
        return now - self.removed.get(device, 0) < REMOVED_URGENT_MS

    def may_send(self, device: str, kind: Coarse, now: int) -> bool:
        """Whether events of `kind` are taken from the device at `now` (ms)."""
        return self.is_active(device) or (kind is Coarse.URGENT and self.still_rings(device, now))


def fold(unit: Unit | None, versions: Iterable[tuple[str, int]]) -> Unit | None:
    """The unit after more `versions` (jws, received in ms). They were checked when they were taken in, and aren't again."""
    roster = unit.roster if unit else None
    removed = dict(unit.removed) if unit else {}
    for jws, received in versions:
        roster = step(roster, jws).roster
        active = {device.id for device in roster.active_devices()}
        for device in roster.devices:
            if device not in active:
                removed.setdefault(device, received)
    if roster is None:
        return None
    readers = {device.reader: device for device in roster.devices.values()}
    field_keys = {device.id: thumbprint(device.field) for device in roster.devices.values()}
    return Unit(roster, removed, readers, field_keys)
