"""`make invoke`: one function, one event, without the rest of AWS."""
