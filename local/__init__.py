"""The whole product on one machine: every real part, without Docker or an account."""
