"""`make backup` and `make restore`: docs/decisions/050-restoring.md."""
