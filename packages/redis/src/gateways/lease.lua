-- Renews the lease of a gateway.
-- KEYS 1 gws   ARGV 1 incarnation 2 life in ms
-- Returns 1 when there was no living lease.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return (score and tonumber(score) > now) and 0 or 1
