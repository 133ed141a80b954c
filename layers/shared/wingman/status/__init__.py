"""Whether everything works, and what is switched on."""
