-- Removes what a dead gateway left in one room.
-- KEYS 1 ph:{room} 2 pc:{room} 3 rt:{room}   ARGV 1 dead incarnation, 2... live incarnations
-- Returns the users that have no live device any more.
--#include ../lua/occupancy.lua
redis.call('HDEL', KEYS[3], ARGV[1])
if redis.call('HDEL', KEYS[2], ARGV[1]) == 0 then return {} end
local live, left = live_set(2), {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local devices, removed = cjson.decode(all[i + 1]), false
  for sid, device in pairs(devices) do
    if device[1] == ARGV[1] then
      devices[sid] = nil
      removed = true
    end
  end
  if removed and next(devices) then
    redis.call('HSET', KEYS[1], all[i], cjson.encode(devices))
  elseif removed then
    redis.call('HDEL', KEYS[1], all[i])
  end
  if removed and not has_live_device(devices, live) then left[#left + 1] = all[i] end
end
return left
