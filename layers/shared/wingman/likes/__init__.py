"""Likes and passes; two likes make a match."""
