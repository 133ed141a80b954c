"""Photos of users: uploads to a bucket, which a worker checks before anyone sees them."""
