-- The devices of one gateway in a room.
-- KEYS 1 ph:{room}   ARGV 1 incarnation
-- Returns flat: user, sid
local held, all = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  for sid, device in pairs(cjson.decode(all[i + 1])) do
    if device[1] == ARGV[1] then
      held[#held + 1] = all[i]
      held[#held + 1] = sid
    end
  end
end
return held
