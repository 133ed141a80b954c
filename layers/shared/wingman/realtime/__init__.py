"""Connections of clients: who is connected, and what is posted to them."""
