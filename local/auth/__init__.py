"""A stand-in for Supabase Auth on the stack's own database: docs/decisions/028-*.md."""
