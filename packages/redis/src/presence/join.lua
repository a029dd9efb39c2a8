-- Adds devices to rooms or moves them to another gateway.
-- KEYS for each device: ph:{room} pc:{room}   ARGV 1 number of live incarnations, these, for each device: user sid incarnation, info or ''
-- Returns for each device {1 when the user was not here before, 1 when the user did not count before, live users}
--#include ../lua/occupancy.lua
local live, at, answers = live_set(2, tonumber(ARGV[1])), 1 + tonumber(ARGV[1]), {}
local now = now_ms()
for key = 1, #KEYS, 2 do
  local entries, counts = KEYS[key], KEYS[key + 1]
  local user, sid, incarnation, info = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  at = at + 4
  local was_live = live[incarnation]
  live[incarnation] = true
  local stored = redis.call('HGET', entries, user)
  local devices = stored and cjson.decode(stored) or {}
  local old = devices[sid]
  local counted = has_live_device(devices, live)
  local was_here = counted or old ~= nil
  if old and old[1] ~= incarnation then add_count(counts, old[1], -1) end
  if not old or old[1] ~= incarnation then add_count(counts, incarnation, 1) end
  local info_at = now
  if info == '' and old then info, info_at = old[3], old[4] end
  devices[sid] = { incarnation, old and old[2] or now, info, info_at }
  redis.call('HSET', entries, user, cjson.encode(devices))
  answers[#answers + 1] = { was_here and 0 or 1, counted and 0 or 1, occupancy(entries, counts, live) }
  live[incarnation] = was_live
end
return answers
