-- Takes a device away if it still belongs to the gateway that says so.
-- KEYS 1 ph:{room} 2 pc:{room}   ARGV 1 user 2 sid 3 incarnation, 4... live incarnations
-- Returns {1 when that was the user's last live device, live users}
--#include ../lua/occupancy.lua
local live = live_set(4)
live[ARGV[3]] = true
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local devices = stored and cjson.decode(stored) or {}
local device, last = devices[ARGV[2]], 0
if device and device[1] == ARGV[3] then
  devices[ARGV[2]] = nil
  add_count(KEYS[2], ARGV[3], -1)
  if next(devices) then
    redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(devices))
  else
    redis.call('HDEL', KEYS[1], ARGV[1])
  end
  if not has_live_device(devices, live) then last = 1 end
end
return { last, occupancy(KEYS[1], KEYS[2], live) }
