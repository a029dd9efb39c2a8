-- Counts a session among the connections of its user, in one step with the look at how many there are.
-- KEYS 1 u:{user}   ARGV 1 sid 2 incarnation 3 most connections of the user, 4... live incarnations
-- Returns 1 when it counts, also when it did before (its holder stays listed), 0 when the user has that many others.
local sid, live, others = ARGV[1], { [ARGV[2]] = true }, 0
for i = 4, #ARGV do live[ARGV[i]] = true end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if live[all[i + 1]] then
    if all[i] == sid then return 1 end
    others = others + 1
  end
end
if others >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], sid, ARGV[2])
return 1
