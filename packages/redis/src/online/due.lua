-- Entries that are due, longest first.
-- KEYS 1 due   ARGV 1 at most so many
-- Returns entry, score, entry, score...
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
