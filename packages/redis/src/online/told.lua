-- The world was told of a change. Who is offline needs no entry any more.
-- KEYS 1 on:{user}   ARGV 1 time of the change
local stored = redis.call('HMGET', KEYS[1], 'state', 'at')
if stored[2] ~= ARGV[1] then return 0 end
if stored[1] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('HSET', KEYS[1], 'told', '1')
