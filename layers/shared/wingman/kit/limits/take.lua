-- Checks all policies of one request, then charges all of them or none.
--
-- Each bucket is one number, the theoretical arrival time of GCRA (ITU-T I.371): the moment at
-- which it is full again. All times come from Redis's clock, so containers' clocks may differ.
--
-- The fuller the use of the global bucket, the more tokens a request takes from the buckets that
-- surge, so that callers with many requests are refused before everyone is (policy.py: price).
--
-- KEYS[1 .. n]         the bucket of each policy
-- KEYS[n + 1 ..]       the circuits to read in the same call
-- ARGV[1 .. 3]         n; the tokens to take from every bucket (0 only reads); the number of the
--                      bucket that sets the price, or 0
-- ARGV[5i - 1 .. 5i + 3]  of policy i: capacity (tokens), microseconds per token, 1 if in shadow
--                      mode, 1 if it surges, and its weight: how often it takes the tokens
-- returns, flat        per policy: fits (0|1), tokens left, ms until full, ms until this cost fits;
--                      then each circuit, or nil
-- A script that continues this one (cache.lua) calls it as the function `limits`, which also
-- returns whether a bucket refused.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local count, cost, load = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local buckets, answer, refused = {}, {}, false

for i = 1, count do
  buckets[i] = {
    before = math.max(tonumber(redis.call('GET', KEYS[i]) or now), now),
    capacity = tonumber(ARGV[5 * i - 1]),
    interval = tonumber(ARGV[5 * i]),
    cost = cost * tonumber(ARGV[5 * i + 3]),
  }
end

local price = 1
if load > 0 then
  local bucket = buckets[load]
  local tenths = math.floor(10 * (bucket.before - now) / (bucket.capacity * bucket.interval))
  price = 2 ^ math.max(0, tenths - 5)
end

for i = 1, count do
  local bucket = buckets[i]
  local surges, tokens = ARGV[5 * i + 2] == '1', bucket.cost
  if surges then
    tokens = math.min(tokens * price, bucket.capacity)
  end
  bucket.after = bucket.before + tokens * bucket.interval
  local excess = bucket.after - now - bucket.capacity * bucket.interval
  bucket.fits = excess <= 0
  local in_shadow = ARGV[5 * i + 1] == '1'
  refused = refused or not (bucket.fits or in_shadow)
  answer[4 * i - 3] = bucket.fits and 1 or 0
  answer[4 * i] = bucket.fits and 0 or math.ceil(excess / 1000)
end

for i = 1, count do
  local bucket = buckets[i]
  local charged = cost > 0 and bucket.fits and not refused
  local at = charged and bucket.after or bucket.before
  if charged then
    redis.call('SET', KEYS[i], string.format('%.0f', at), 'PX', math.ceil((at - now) / 1000) + 1)
  end
  answer[4 * i - 2] = math.floor(bucket.capacity - (at - now) / bucket.interval)
  answer[4 * i - 1] = math.ceil((at - now) / 1000)
end

for i = count + 1, #KEYS do
  answer[3 * count + i] = redis.call('GET', KEYS[i])
end

return answer, refused
