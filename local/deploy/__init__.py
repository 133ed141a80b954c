"""`make deploy ENV=staging`: one environment on AWS, from its file to a healthy API."""
