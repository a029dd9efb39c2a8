-- Adds the route of a gateway to rooms.
-- KEYS for each room: rt:{room}   ARGV 1 = 0, for each room: incarnation
-- Returns for each 1 when there was none.
local answers = {}
for i, key in ipairs(KEYS) do answers[i] = redis.call('HSET', key, ARGV[i + 1], '1') end
return answers
