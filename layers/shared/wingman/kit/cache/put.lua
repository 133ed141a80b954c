-- Stores a value that needs no lease, unless a newer version is stored. Leases end with it.
--
-- KEYS[1]      the entry (cache.lua)
-- ARGV[1..3]   the value, its version, ms until it is gone
-- returns      the time at which it was stored, as the entry has it, or '' if a newer version is

local version = redis.call('HGET', KEYS[1], 'version')
if version and tonumber(version) > tonumber(ARGV[2]) then
  return ''
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HDEL', KEYS[1], 'lease', 'leased_until')
redis.call('HSET', KEYS[1], 'value', ARGV[1], 'stored_at', now, 'version', ARGV[2])
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]))
return now
