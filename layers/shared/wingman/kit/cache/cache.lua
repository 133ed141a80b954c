-- Reads an entry if the limits of the request allow it (`limits` is take.lua), and grants the one
-- lease under which the value may be recomputed. All times come from Redis's clock.
--
-- An entry is one hash. DEL removes the value and the lease together, and a reader whose lease is
-- gone cannot store (store.lua): this fences off stale values.
--   value, stored_at (ms)       the computed value and the time at which it was stored
--   lease, leased_until (ms)    the token of the reader that is computing now
--
-- KEYS          the keys of the limits, then the entry
-- ARGV          the arguments of the limits, then: the `stored_at` of the value that the reader
--               keeps, or ''; ms until a value is due, ms until it is gone, ms of a lease, a new token
-- returns       the answer of the limits and, unless they refuse: the token, or '' if another reader
--               holds the lease; the age in ms, or -1 without a value; the value, or '' if there is
--               none or the reader keeps it; its `stored_at`, or ''

local entry = table.remove(KEYS)
local token = table.remove(ARGV)
local lease = tonumber(table.remove(ARGV))
local gone = tonumber(table.remove(ARGV))
local due = tonumber(table.remove(ARGV))
local kept = table.remove(ARGV)

local answer, refused = limits(KEYS, ARGV)
if refused then
  return { answer }
end

local read = redis.pcall('HMGET', entry, 'value', 'stored_at', 'lease', 'leased_until')
if read.err then -- the key holds another type of value
  redis.call('DEL', entry)
  read = {}
end
local value, stored_at, holder, leased_until = read[1], read[2], read[3], read[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local age = value and math.max(0, now - stored_at) or -1
if age >= gone then
  value, stored_at, age = nil, nil, -1
end
local leased = holder and tonumber(leased_until) > now
local taken = (age < 0 or age >= due) and not leased
if taken then
  redis.call('HSET', entry, 'lease', token, 'leased_until', string.format('%.0f', now + lease))
  if age < 0 then
    redis.call('HDEL', entry, 'value', 'stored_at')
    redis.call('PEXPIRE', entry, lease)
  end
end

local sent = stored_at ~= kept and value or ''
return { answer, taken and token or '', age, sent, stored_at or '' }
