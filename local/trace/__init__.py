"""`make trace`: the story of one request, from its answer to the emails and pushes it led to."""
