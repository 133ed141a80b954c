"""`make seed`: a local database full of believable users, for benchmarks and for a look around."""
