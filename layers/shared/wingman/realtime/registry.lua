-- Reads and changes entries outside of the limiter's call.
--
-- KEYS      none: they follow from the arguments (entries.lua)
-- ARGV      a command and its arguments:
--             open <user> ...                      returns open connections
--             learn <match> <ms> <one> <other>     notes the members of a match for so long, returns
--                                                  their open connections
--             remove <user> <connection>           removes one connection
--             forget <ms> <user> <connection> ...  removes those that are older
--             end <session> ...                    removes the connections of sessions, returns them
--             depart <user> ...                    removes all connections of users, returns them
-- returns   connections (entries.lua: add_to)

local command, list = ARGV[1], {}

if command == 'open' then
  for i = 2, #ARGV do
    add_open(list, ARGV[i])
  end
elseif command == 'learn' then
  local key = 'match:' .. ARGV[2] .. ':members'
  if redis.call('GET', key) ~= 'ended' then
    redis.call('SET', key, ARGV[4] .. ' ' .. ARGV[5], 'PX', ARGV[3])
  end
  add_open(list, ARGV[4])
  add_open(list, ARGV[5])
elseif command == 'remove' then
  remove_entry(ARGV[2], ARGV[3])
elseif command == 'forget' then
  for i = 3, #ARGV, 2 do
    local known = redis.call('HGET', connections_key(ARGV[i]), ARGV[i + 1])
    local connected = known and tonumber(read_entry(known).connected)
    if connected and now_ms - connected > tonumber(ARGV[2]) then
      remove_entry(ARGV[i], ARGV[i + 1])
    end
  end
elseif command == 'end' then
  for i = 2, #ARGV do
    local user = redis.call('GET', 'connections:session:' .. ARGV[i])
    for _, entry in ipairs(user and entries_of(user) or {}) do
      if entry.session == ARGV[i] then
        remove_entry(user, entry.id)
        add_to(list, entry)
      end
    end
  end
elseif command == 'depart' then
  for i = 2, #ARGV do
    for _, entry in ipairs(entries_of(ARGV[i])) do
      if entry.connected ~= 'removed' then
        remove_entry(ARGV[i], entry.id)
        add_to(list, entry)
      end
    end
  end
end
return list
