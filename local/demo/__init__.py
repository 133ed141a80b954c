"""`make demo`: strangers, from registration to a reputation and likes."""
