-- Counts sessions among the connections of their users, in one step with the look at how many there are.
-- KEYS for each session: u:{user}   ARGV 1 number of live incarnations, these, for each session: sid incarnation, most connections of the user
-- Returns for each 1 when it counts, also when it did before (its holder stays listed), 0 when the user has that many others.
local live, first, answers = {}, 2 + tonumber(ARGV[1]), {}
for i = 2, first - 1 do live[ARGV[i]] = true end
local function enlist(key, sid, incarnation, max)
  local others = 0
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if live[all[i + 1]] or all[i + 1] == incarnation then
      if all[i] == sid then return 1 end
      others = others + 1
    end
  end
  if others >= max then return 0 end
  redis.call('HSET', key, sid, incarnation)
  return 1
end
for i, key in ipairs(KEYS) do
  local at = first + 3 * (i - 1)
  answers[i] = enlist(key, ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]))
end
return answers
