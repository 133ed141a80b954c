"""Wingman: what every function of the backend shares."""

import gc

# Imports create a hundred thousand objects and hardly any garbage. Searching them takes a tenth of
# a cold start, so collection waits for the first invocation (kit.clock.deadline).
COLLECTION = gc.get_threshold()
gc.set_threshold(200_000)
