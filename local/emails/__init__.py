"""Every email there is, as samples and as a gallery of pictures."""
