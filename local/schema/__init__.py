"""Compares the database of supabase/schemas with that of supabase/migrations."""
