-- Stores a value that was computed under a lease, or returns the lease. Does nothing if the lease
-- is gone.
--
-- KEYS[1]      the entry (cache.lua)
-- ARGV[1..3]   the lease's token, the value or '' to store none, ms until the value is gone
-- returns      1, or 0 if the entry was dropped or leased to another reader

if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then
  return 0
end
redis.call('HDEL', KEYS[1], 'lease', 'leased_until')
if ARGV[2] ~= '' then
  local time = redis.call('TIME')
  local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', KEYS[1], 'value', ARGV[2], 'stored_at', string.format('%.0f', now_ms))
  redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]))
end
return 1
