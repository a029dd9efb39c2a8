-- Writes sessions as their holder knows them, unless somebody else holds them with the same or a newer generation.
-- KEYS for each: s:{sid}   ARGV 1 = 0, for each: user incarnation generation
-- Returns for each 1 when it is this holder's now.
local function assert_session(key, user, incarnation, generation)
  local stored = redis.call('HMGET', key, 'incarnation', 'generation', 'state')
  local own = stored[1] == incarnation and stored[2] == generation
  if not own and stored[2] and tonumber(stored[2]) >= tonumber(generation) then return 0 end
  local state = own and stored[3] == 'moving' and 'moving' or 'connected'
  redis.call('HSET', key, 'user', user, 'incarnation', incarnation, 'generation', generation, 'state', state)
  redis.call('PERSIST', key)
  return 1
end
local answers = {}
for i, key in ipairs(KEYS) do
  local at = 2 + 3 * (i - 1)
  answers[i] = assert_session(key, ARGV[at], ARGV[at + 1], ARGV[at + 2])
end
return answers
