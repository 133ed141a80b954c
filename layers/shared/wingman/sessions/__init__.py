"""Sessions: a matched pair plans a meeting, meets, and confirms it."""
