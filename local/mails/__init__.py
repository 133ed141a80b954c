"""Every mail there is, as samples and as a gallery of pictures."""
