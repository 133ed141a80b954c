"""Emails about accounts, which Supabase Auth asks for."""
