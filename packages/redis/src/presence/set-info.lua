-- Sets the presence info of a device that is here and belongs to the gateway that says so.
-- KEYS 1 ph:{room}   ARGV 1 user 2 sid 3 incarnation 4 info or ''
--#include ../lua/occupancy.lua
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local devices = stored and cjson.decode(stored) or {}
local device = devices[ARGV[2]]
if not device or device[1] ~= ARGV[3] then return 0 end
devices[ARGV[2]] = { device[1], device[2], ARGV[4], now_ms() }
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(devices))
return 1
