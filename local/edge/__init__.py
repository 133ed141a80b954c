"""The fronts for clients: Supabase's, Upstash's, the API's own address and the app's."""
