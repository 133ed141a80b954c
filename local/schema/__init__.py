"""The database as supabase/schemas describe it, and as supabase/migrations make it."""
