-- Renews the connection of a frame if the limits allow the frame, and looks up who is to hear of it.
--
-- KEYS      those of the script before this step, then the connections of the sender, and the
--           members of the frame's match
-- ARGV      those of the script before this step, then: connection id, user, session, ms since 1970
--           when it connected, when it ends at the latest, and ms that it lasts without a frame
-- returns   the result of the script before this step and, unless it refuses: 1, or 0 if the
--           connection was removed; 1 if the sender is known as a member of the match; the open
--           connections of both members then, else of the sender (entries.lua: add_to)

local members_key = table.remove(KEYS)
local key = table.remove(KEYS)
local lasts = tonumber(table.remove(ARGV))
local until_ms = tonumber(table.remove(ARGV))
local connected = table.remove(ARGV)
local session = table.remove(ARGV)
local user = table.remove(ARGV)
local id = table.remove(ARGV)

local answer, refused = limits(KEYS, ARGV)
if refused then
  return { answer }
end

local known = redis.call('HGET', key, id)
local entry = known and read_entry(known)
local removed = entry and entry.connected == 'removed' and entry.expires > now_ms
if not removed then
  -- One that expired is added again: a client that slept would hear nothing otherwise.
  local began = entry and entry.connected ~= 'removed' and entry.connected or connected
  write_entry(user, id, session, began, until_ms, lasts)
end

local open, is_member = {}, 0
local one, other = string.match(redis.call('GET', members_key) or '', '^(%S+) (%S+)$')
if user == one or user == other then
  is_member = 1
  add_open(open, one)
  add_open(open, other)
else
  add_open(open, user)
end
return { answer, removed and 0 or 1, is_member, open }
