-- Returns tokens to buckets (ratelimit.lua) whose charge bought nothing; a full one stays full.
--
-- KEYS      the buckets
-- ARGV[i]   microseconds to take off bucket i: tokens times microseconds per token

for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    redis.call('DECRBY', key, ARGV[i])
  end
end
return #KEYS
