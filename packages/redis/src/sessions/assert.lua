-- Writes a session as its holder knows it, unless somebody else holds it with the same or a newer generation.
-- KEYS 1 s:{sid}   ARGV 1 user 2 incarnation 3 generation
-- Returns 1 when it is this holder's now.
local stored = redis.call('HMGET', KEYS[1], 'incarnation', 'generation', 'state')
local own = stored[1] == ARGV[2] and stored[2] == ARGV[3]
if not own and stored[2] and tonumber(stored[2]) >= tonumber(ARGV[3]) then return 0 end
local state = own and stored[3] == 'moving' and 'moving' or 'connected'
redis.call('HSET', KEYS[1], 'user', ARGV[1], 'incarnation', ARGV[2], 'generation', ARGV[3], 'state', state)
redis.call('PERSIST', KEYS[1])
return 1
