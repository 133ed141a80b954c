-- Adds a connection if the limits allow it, and removes the user's oldest ones beyond a number.
--
-- KEYS      those of the script before this step, then the connections of the user
-- ARGV      those of the script before this step, then: connection id, user, session, ms since 1970
--           when it ends at the latest, ms that it lasts without a frame, connections per user
-- returns   the result of the script before this step and, unless it refuses, the connections
--           removed (entries.lua: add_to)

table.remove(KEYS)
local most = tonumber(table.remove(ARGV))
local lasts = tonumber(table.remove(ARGV))
local until_ms = tonumber(table.remove(ARGV))
local session = table.remove(ARGV)
local user = table.remove(ARGV)
local id = table.remove(ARGV)

local answer, refused = limits(KEYS, ARGV)
if refused then
  return { answer }
end

write_entry(user, id, session, string.format('%.0f', now_ms), until_ms, lasts)
local others, removed = {}, {}
for _, entry in ipairs(entries_of(user)) do
  if entry.connected ~= 'removed' and entry.id ~= id then
    others[#others + 1] = entry
  end
end
table.sort(others, function(one, other) return one.expires > other.expires end)
for i = most, #others do
  remove_entry(user, others[i].id)
  add_to(removed, others[i])
end
return { answer, removed }
