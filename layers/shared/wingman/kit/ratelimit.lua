-- All policies of one request in one call: check each, then charge all or none.
--
-- Each bucket is one number, the theoretical arrival time of GCRA (ITU-T I.371): the moment at
-- which it is full again. Redis's own clock decides, so containers may disagree about time.
--
-- KEYS[i]                   the bucket of policy i
-- ARGV[3i-2 .. 3i]          capacity (tokens), microseconds per token, tokens asked for
-- returns per policy, flat  allowed (0|1), tokens left, ms until full, ms until this cost fits

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at, answer, refused = {}, {}, false

for i = 1, #KEYS do
  local capacity = tonumber(ARGV[3 * i - 2])
  local interval = tonumber(ARGV[3 * i - 1])
  local cost = tonumber(ARGV[3 * i])
  local before = math.max(tonumber(redis.call('GET', KEYS[i]) or now), now)
  local after = before + cost * interval
  local excess = after - now - capacity * interval
  local allowed = excess <= 0
  refused = refused or not allowed
  full_at[i] = { after = after, before = before, capacity = capacity, interval = interval }
  answer[4 * i - 3] = allowed and 1 or 0
  answer[4 * i] = allowed and 0 or math.ceil(excess / 1000)
end

for i = 1, #KEYS do
  local bucket = full_at[i]
  local at = refused and bucket.before or bucket.after
  if not refused then
    redis.call('SET', KEYS[i], string.format('%.0f', at), 'PX', math.ceil((at - now) / 1000) + 1)
  end
  answer[4 * i - 2] = math.floor(bucket.capacity - (at - now) / bucket.interval)
  answer[4 * i - 1] = math.ceil((at - now) / 1000)
end

return answer
