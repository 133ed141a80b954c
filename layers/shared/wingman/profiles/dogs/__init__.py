"""What a user shows of the dog, where they are, and which dogs they are looking for."""
