-- The watermarks of a room, nothing for a large one.
-- KEYS 1 w:{room} 2 ph:{room}   ARGV 1 members up to which watermarks are kept
-- Returns flat: user, <delivered>,<read>
if redis.call('HLEN', KEYS[2]) > tonumber(ARGV[1]) then return {} end
return redis.call('HGETALL', KEYS[1])
