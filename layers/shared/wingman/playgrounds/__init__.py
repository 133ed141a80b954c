"""Public places for dogs, which users add, find and mark as favourites."""
