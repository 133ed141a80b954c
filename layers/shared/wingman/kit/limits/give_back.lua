-- Refunds tokens to buckets (take.lua); a full bucket stays full.
--
-- KEYS      the buckets
-- ARGV[i]   microseconds to subtract from bucket i: tokens times microseconds per token

for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    redis.call('DECRBY', key, ARGV[i])
  end
end
return #KEYS
