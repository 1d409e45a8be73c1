"""Pure rules: what a visit, an alarm, an incident and an advice are. Needs the standard library only, and no clock."""
