-- Notes users that are to be looked at.
-- KEYS 1 due   ARGV 1 ms from now 2 '+' came: keeps an earlier entry | '-' went: replaces it, 3... users
local time = redis.call('TIME')
local at = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[1])
for i = 3, #ARGV do
  if ARGV[2] == '+' then
    redis.call('ZADD', KEYS[1], 'NX', at, '+' .. ARGV[i])
  else
    redis.call('ZADD', KEYS[1], at, '-' .. ARGV[i])
  end
end
return 0
