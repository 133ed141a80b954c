"""Discovery: users whom the caller may like, the most promising ones first."""
