"""Who belongs: units, rosters, invites, request signatures and read sessions."""
