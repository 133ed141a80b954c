"""`make seed`: fills a local database with believable users, for benchmarks and browsing."""
