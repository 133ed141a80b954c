"""Sessions: a matched pair plans to meet, meets, and says so."""
