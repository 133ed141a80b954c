-- The entries of connections, for the scripts that follow this text.
--
-- connections:user:<id>      a hash: connection id -> '<expires ms> <connected ms> <session id>', or
--                            '<expires ms> removed' so that a frame still in flight does not bring a
--                            removed connection back
-- connections:session:<id>   the user of an Auth session with connections
-- match:<id>:members         the two users of a match, separated by a space, or 'ended'
-- departed:user:<id>         exists for a user who has deleted the account (touch.lua)
-- ended:session:<id>         exists for a session that has ended (touch.lua)
--
-- Scripts read keys that they find in others: Redis must not be a cluster. All times come from
-- Redis's clock.

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local function connections_key(user)
  return 'connections:user:' .. user
end

local function read_entry(text)
  local expires, connected, session = string.match(text, '^(%d+) (%S+) ?(%S*)$')
  return { expires = tonumber(expires) or 0, connected = connected, session = session or '' }
end

-- Returns the entries of a user that have not expired, removed ones as well, and deletes the others.
local function entries_of(user)
  local key, found = connections_key(user), {}
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local entry = read_entry(flat[i + 1])
    if entry.expires > now_ms then
      entry.id, entry.user = flat[i], user
      found[#found + 1] = entry
    else
      redis.call('HDEL', key, flat[i])
    end
  end
  return found
end

local function write_entry(user, id, session, connected, until_ms, lasts)
  local key = connections_key(user)
  local expires = math.min(now_ms + lasts, until_ms)
  local text = string.format('%.0f %s %s', expires, connected, session)
  redis.call('HSET', key, id, text)
  redis.call('PEXPIRE', key, lasts)
  redis.call('SET', 'connections:session:' .. session, user, 'PX', lasts)
end

-- Longer than any invocation, in which a frame may be in flight.
local REMOVED_MS = 60000

local function remove_entry(user, id)
  local key = connections_key(user)
  redis.call('HSET', key, id, string.format('%.0f removed', now_ms + REMOVED_MS))
  if redis.call('PTTL', key) < REMOVED_MS then
    redis.call('PEXPIRE', key, REMOVED_MS)
  end
end

local function add_to(list, entry)
  list[#list + 1] = entry.id
  list[#list + 1] = entry.user
  list[#list + 1] = entry.session
  list[#list + 1] = entry.connected
end

-- Appends the open connections of a user: id, user, session, connected ms. Those of an ended session
-- or a deleted account count as closed.
local function add_open(list, user)
  if redis.call('EXISTS', 'departed:user:' .. user) == 1 then
    return
  end
  for _, entry in ipairs(entries_of(user)) do
    local open = entry.connected ~= 'removed'
    if open and redis.call('EXISTS', 'ended:session:' .. entry.session) == 0 then
      add_to(list, entry)
    end
  end
end
