"""Blocks, reports, and what operators decide about them."""
