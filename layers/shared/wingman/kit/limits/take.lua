-- Checks all policies of one request, then charges all of them or none.
--
-- Each bucket is one number, the theoretical arrival time of GCRA (ITU-T I.371): the moment at
-- which it is full again. All times come from Redis's clock, so containers' clocks may differ.
--
-- KEYS[1 .. n]         the bucket of each policy
-- KEYS[n + 1 ..]       the circuits to read in the same call
-- ARGV[1], ARGV[2]     n; the tokens to take from every bucket (0 only reads)
-- ARGV[3i .. 3i + 2]   of policy i: capacity (tokens), microseconds per token, 1 if in shadow mode
-- returns, flat        per policy: fits (0|1), tokens left, ms until full, ms until this cost fits;
--                      then each circuit, or nil
-- A script that continues this one (cache.lua) calls it as the function `limits`, which also
-- returns whether a bucket refused.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local count, cost = tonumber(ARGV[1]), tonumber(ARGV[2])
local buckets, answer, refused = {}, {}, false

for i = 1, count do
  local capacity, interval = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local before = math.max(tonumber(redis.call('GET', KEYS[i]) or now), now)
  local after = before + cost * interval
  local excess = after - now - capacity * interval
  local fits = excess <= 0
  local in_shadow = ARGV[3 * i + 2] == '1'
  refused = refused or not (fits or in_shadow)
  buckets[i] = { before = before, after = after, fits = fits, full = capacity, interval = interval }
  answer[4 * i - 3] = fits and 1 or 0
  answer[4 * i] = fits and 0 or math.ceil(excess / 1000)
end

for i = 1, count do
  local bucket = buckets[i]
  local charged = cost > 0 and bucket.fits and not refused
  local at = charged and bucket.after or bucket.before
  if charged then
    redis.call('SET', KEYS[i], string.format('%.0f', at), 'PX', math.ceil((at - now) / 1000) + 1)
  end
  answer[4 * i - 2] = math.floor(bucket.full - (at - now) / bucket.interval)
  answer[4 * i - 1] = math.ceil((at - now) / 1000)
end

for i = count + 1, #KEYS do
  answer[3 * count + i] = redis.call('GET', KEYS[i])
end

return answer, refused
