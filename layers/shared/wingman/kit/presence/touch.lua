-- Notes that a user is here, once the limits of the request allow it (`limits` is the script so
-- far): prolongs their login and counts the hour of the day. Redis's own clock decides.
--
-- A client that asks all the time changes nothing: a login is prolonged once a minute, and an hour
-- counts once. What was seen fades: every 30 days it counts half, and 60 days after the last time
-- it is gone.
--
-- KEYS          those of the script so far, then two hashes
--   activity    0 .. 23 (how often seen in that hour, UTC), hour (the last one, since 1970), halved
--   login       last_active (s since 1970), ttl (s), data; see logins.py
-- ARGV          those of the script so far, then the seconds that a new login lasts
-- returns       what the script so far does

local HALF_LIFE, FORGOTTEN, ONCE_IN = 30 * 24, 60 * 86400, 60

local login = table.remove(KEYS)
local activity = table.remove(KEYS)
local lasts = tonumber(table.remove(ARGV))

local answer, refused = limits(KEYS, ARGV)
if refused then
  return answer, refused
end

local function read(key, ...)
  local found = redis.pcall('HMGET', key, ...)
  if found.err then -- somebody else's kind of value under our name
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
