"""Coach: tips for a challenge or a meeting, from a language model."""
