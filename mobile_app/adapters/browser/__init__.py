"""The ports in the browser: thin Python over the JavaScript object `trygg` (docs/architecture.md)."""
