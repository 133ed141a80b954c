"""`make deploy ENV=staging`: deploys one environment to AWS, from its file."""
