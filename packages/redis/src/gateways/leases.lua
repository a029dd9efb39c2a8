-- Incarnations by the state of their lease, by the time of this Redis.
-- KEYS 1 gws   ARGV 1 live | ended 2 grace in ms for ended
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[1] == 'live' then return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf') end
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
