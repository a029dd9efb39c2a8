-- Says whether a user is online now.
-- KEYS 1 on:{user}, hash: state, at, told; absent = offline and told   ARGV 1 '1' online | '0' offline
-- Returns the time of a change that was not told yet, or nothing.
local stored = redis.call('HMGET', KEYS[1], 'state', 'at', 'told')
local state = stored[1] or '0'
if state == ARGV[1] then
  if stored[3] == '0' then return stored[2] end
  return false
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
-- Never the time of the change before: by its time a change is known from another.
if stored[2] then now = math.max(now, tonumber(stored[2]) + 1) end
local at = string.format('%.0f', now)
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'at', at, 'told', '0')
return at
