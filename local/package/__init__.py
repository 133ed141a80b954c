"""What is uploaded to AWS: built for a runtime and an architecture, and checked."""
