"""The real client on CPython: a phone without a screen, for tests and the demo."""

from mobile_app.simulated_device.device import SimulatedDevice

__all__ = ["SimulatedDevice"]
