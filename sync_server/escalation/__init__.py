"""What the server does about alarms: their state, and who has said what of them."""
