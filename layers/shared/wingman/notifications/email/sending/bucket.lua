-- The provider's rate limit: the time of the next free request (GCRA without bursts, ITU-T I.371)
-- and the rate of requests, by the clock of Redis.
--
-- KEYS[1]   the bucket
-- 'reserve', patience, slots, first rate, spacing
--     patience  microseconds that the caller can wait
--     slots     how many requests ahead it may reserve; 0: as far as its patience allows
--     spacing   factor by which requests are spaced further apart than the limit requires
--     returns   1 and the wait until its request, or 0 and the wait until asking again is worth it
--               (microseconds); then the rate
-- 'learn', rate, hold
--     rate      requests per second as the provider reported; 0: unchanged
--     hold      microseconds during which no request may be sent
--
-- A refusal without a new rate means that requests arrive unevenly: they are spaced further apart,
-- and move closer again with each request that is granted.

local DAY = 86400000
local WIDER, WIDEST, NARROWER = 0.03, 0.25, 0.0002
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stored = redis.call('HMGET', KEYS[1], 'next_at', 'per_second', 'slack')
local next_at = math.max(tonumber(stored[1] or now), now)

local slack = tonumber(stored[3] or 0)

local function store(field, value)
  redis.call('HSET', KEYS[1], field, string.format(field == 'slack' and '%.4f' or '%.0f', value))
  redis.call('PEXPIRE', KEYS[1], DAY)
end

if ARGV[1] == 'learn' then
  local rate, hold = tonumber(ARGV[2]), tonumber(ARGV[3])
  -- Count a burst of refusals once.
  if hold > 0 and (rate == 0 or rate == tonumber(stored[2])) and next_at - now < 0.9 * hold then
    store('slack', math.min(slack + WIDER, WIDEST))
  end
  if rate > 0 then store('per_second', rate) end
  if hold > 0 then store('next_at', math.max(next_at, now + hold)) end
  return {}
end

local patience, slots = tonumber(ARGV[2]), tonumber(ARGV[3])
local rate = tonumber(stored[2] or ARGV[4])
local interval = 1000000 * (tonumber(ARGV[5]) + slack) / rate
local wait = next_at - now
local reach = slots > 0 and slots * interval or patience

if wait > reach then
  return { 0, math.ceil(wait - reach), rate }
elseif wait > patience then
  return { 0, math.ceil(wait), rate }
end
store('next_at', next_at + interval)
if slack > 0 then store('slack', math.max(slack - NARROWER, 0)) end
return { 1, math.ceil(wait), rate }
