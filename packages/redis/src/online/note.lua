-- Notes users that are to be looked at.
-- KEYS 1 due   ARGV 1 ms from now for who came, 2 for who went, 3... entries: '+user' came: keeps an earlier entry, '-user' went: replaces it
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for i = 3, #ARGV do
  if string.sub(ARGV[i], 1, 1) == '+' then
    redis.call('ZADD', KEYS[1], 'NX', now + tonumber(ARGV[1]), ARGV[i])
  else
    redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[i])
  end
end
return 0
