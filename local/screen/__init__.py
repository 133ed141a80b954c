"""`make status`: an environment's backlog and failures on one screen, with advice."""
