"""A stand-in for Anthropic's Messages API: real HTTP, no model, faults on demand."""
