-- Adds revocations; the later end wins. The version is the score of the member `#`: a time in seconds, far below
-- the ends, which are in milliseconds.
-- KEYS 1 revoked   ARGV pairs: until in ms, member
local FIRST_END = 1000000000000
local time = redis.call('TIME')
local seconds, micros = tonumber(time[1]), tonumber(time[2])
local now = seconds * 1000 + math.floor(micros / 1000)
local changed = redis.call('ZREMRANGEBYSCORE', KEYS[1], FIRST_END, '(' .. now)
for at = 1, #ARGV, 2 do
  if tonumber(ARGV[at]) > now then
    changed = changed + redis.call('ZADD', KEYS[1], 'GT', 'CH', ARGV[at], ARGV[at + 1])
  end
end
if changed > 0 then
  local last = tonumber(redis.call('ZSCORE', KEYS[1], '#') or '0')
  -- Above the last one even when the clock of this server is behind that of the one before it.
  local version = math.max(seconds + micros / 1000000, last + 0.00001)
  redis.call('ZADD', KEYS[1], string.format('%.6f', version), '#')
end
return changed
