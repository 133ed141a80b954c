"""`make trace`: the history of a request, with the emails and pushes that it caused."""
