-- Records a user's activity if the limits of the request allow it (`limits` is the script before
-- this step): extends their login and counts the hour of the day. All times come from Redis's clock.
-- For a user who has deleted the account, and for a session that has ended, it records nothing and
-- refuses the request.
--
-- Frequent requests do not write each time: a login is extended at most once a minute, and an hour
-- counts once. Counts are halved every 30 days and expire 60 days after the last activity.
--
-- KEYS          the keys of the script before this step, then two hashes and two marks
--   activity    0 .. 23 (days with activity in that hour, UTC), hour (the last one, since 1970),
--               halved (the hour of the last halving)
--   login       last_active (s since 1970), ttl (s), data; see logins.py
--   departed    exists for a user who has deleted the account
--   ended       exists for a session that has ended
-- ARGV          the arguments of the script before this step, then the seconds of a new login
-- returns       the result of the script before this step; one value more refuses the request: 1 for
--               a deleted account, 2 for an ended session

local HALF_LIFE, FORGOTTEN, ONCE_IN = 30 * 24, 60 * 86400, 60

local ended = table.remove(KEYS)
local departed = table.remove(KEYS)
local login = table.remove(KEYS)
local activity = table.remove(KEYS)
local lasts = tonumber(table.remove(ARGV))

local answer, refused = limits(KEYS, ARGV)
if refused then
  return answer, refused
end
local gone = redis.call('EXISTS', departed) == 1 and 1 or redis.call('EXISTS', ended) == 1 and 2
if gone then
  answer[#answer + 1] = gone
  return answer, true
end

local function read(key, ...)
  local found = redis.pcall('HMGET', key, ...)
  if found.err then -- the key holds another type of value
    redis.call('DEL', key)
    return {}
  end
  return found
end

local now = tonumber(redis.call('TIME')[1])
local known = read(login, 'last_active', 'ttl')
lasts = tonumber(known[2]) or lasts
if now - (tonumber(known[1]) or 0) < math.min(ONCE_IN, lasts / 4) then
  return answer, refused
end
redis.call('HSET', login, 'last_active', now, 'ttl', lasts)
redis.call('EXPIRE', login, lasts)

local hour = math.floor(now / 3600)
local seen = read(activity, 'hour', 'halved')
if tonumber(seen[1]) == hour then
  return answer, refused
end
local halved = tonumber(seen[2]) or hour
local halvings = math.floor((hour - halved) / HALF_LIFE)
if halvings > 0 then
  for each = 0, 23 do
    local times = tonumber(redis.call('HGET', activity, each))
    if times then
      redis.call('HSET', activity, each, math.floor(times / 2 ^ halvings))
    end
  end
end
redis.call('HINCRBY', activity, hour % 24, 1)
redis.call('HSET', activity, 'hour', hour, 'halved', halved + halvings * HALF_LIFE)
redis.call('EXPIRE', activity, FORGOTTEN)
return answer, refused
