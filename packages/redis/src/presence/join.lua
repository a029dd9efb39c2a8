-- Adds a device to a room or moves it to another gateway.
-- KEYS 1 ph:{room} 2 pc:{room}   ARGV 1 user 2 sid 3 incarnation 4 info or '', 5... live incarnations
-- Returns {1 when the user was not here before, 1 when the user did not count before, live users}
--#include ../lua/occupancy.lua
local live = live_set(5)
live[ARGV[3]] = true
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local devices = stored and cjson.decode(stored) or {}
local old = devices[ARGV[2]]
local counted = has_live_device(devices, live)
local was_here = counted or old ~= nil
if old and old[1] ~= ARGV[3] then add_count(KEYS[2], old[1], -1) end
if not old or old[1] ~= ARGV[3] then add_count(KEYS[2], ARGV[3], 1) end
local now = now_ms()
local info, info_at = ARGV[4], now
if info == '' and old then info, info_at = old[3], old[4] end
devices[ARGV[2]] = { ARGV[3], old and old[2] or now, info, info_at }
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(devices))
return { was_here and 0 or 1, counted and 0 or 1, occupancy(KEYS[1], KEYS[2], live) }
