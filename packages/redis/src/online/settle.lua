-- Removes an entry unless it was noted again.
-- KEYS 1 due   ARGV 1 entry 2 score it had
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
