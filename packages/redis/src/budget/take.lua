-- Takes tokens from the bucket that all gateways share. It fills by the time of this Redis and holds a
-- tenth of a second of the rate, at least one token, so that no second sees more than 1.1 times the rate.
-- KEYS 1 budget, hash: tokens, at (ms)   ARGV 1 tokens wanted 2 tokens per second
-- Returns {granted, ms until the next token (0 when all were granted)}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local wanted, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local capacity = math.max(1, rate / 10)
local stored = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = capacity
if stored[1] then
  local passed = math.max(0, now - tonumber(stored[2]))
  tokens = math.min(capacity, tonumber(stored[1]) + passed * rate / 1000)
end
local granted = math.min(wanted, math.floor(tokens))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate * 1000) + 60000)
local wait = granted < wanted and math.ceil((1 - tokens) * 1000 / rate) or 0
return { granted, wait }
