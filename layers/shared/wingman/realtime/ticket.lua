-- Keeps the holder of a new ticket if the limits allow it.
--
-- KEYS      those of the script before this step, then the ticket
-- ARGV      those of the script before this step, then the sealed holder, and ms that it lasts
-- returns   the result of the script before this step and, unless it refuses, 1

local key = table.remove(KEYS)
local lasts = table.remove(ARGV)
local holder = table.remove(ARGV)

local answer, refused = limits(KEYS, ARGV)
if refused then
  return { answer }
end
redis.call('SET', key, holder, 'PX', lasts)
return { answer, 1 }
