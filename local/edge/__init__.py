"""The fronts that clients know: Supabase's, Upstash's and the API's own address."""
