-- Removes a session from its user's list if it is still on the gateway that says so.
-- KEYS 1 u:{user}   ARGV 1 sid 2 incarnation
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
