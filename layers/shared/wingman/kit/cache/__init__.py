"""Values that several containers share for a while."""
