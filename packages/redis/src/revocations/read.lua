-- Version and entries, or the version alone when it is the known one.
-- KEYS 1 revoked   ARGV 1 known version or ''
local version = redis.call('ZSCORE', KEYS[1], '#') or '0'
if version == ARGV[1] then return {version} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return {version, redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES')}
