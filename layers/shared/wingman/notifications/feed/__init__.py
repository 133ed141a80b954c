"""The list of notifications in the app, and the pushes that a user wants."""
