"""The takeover of a WingmanMatch database (docs/wingmanmatch.md)."""
