"""A stand-in for Supabase Auth (docs/decisions/028-supabase-auth.md)."""
