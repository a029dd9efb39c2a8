-- Takes a session over: compare-and-set on the generation.
-- KEYS 1 s:{sid}   ARGV 1 user 2 incarnation 3 generation of the resume token
-- Returns {1, new generation, user, incarnation, generation, state of the holder until now (when there was one)},
--      {0, 'user'} when the session is another user's, {0, 'superseded'} when the token is too old.
-- The generation before the stored one is accepted: its client never got the reply. Accepting it raises the
-- stored one by one, so it cannot be used a second time.
local stored = redis.call('HMGET', KEYS[1], 'user', 'incarnation', 'generation', 'state')
local claimed = tonumber(ARGV[3])
local current = claimed
if stored[1] then
  current = tonumber(stored[3])
  if stored[1] ~= ARGV[1] then return { 0, 'user' } end
  if claimed < current - 1 then return { 0, 'superseded' } end
end
local generation = math.max(claimed, current) + 1
redis.call('HSET', KEYS[1], 'user', ARGV[1], 'incarnation', ARGV[2], 'generation', generation, 'state', 'connected')
redis.call('PERSIST', KEYS[1])
if not stored[1] then return { 1, generation } end
return { 1, generation, stored[1], stored[2], stored[3], stored[4] }
