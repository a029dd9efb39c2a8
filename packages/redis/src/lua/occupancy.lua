-- Counting live users of a room without touching every entry.

-- Above this many users a room with entries of dead gateways is not counted one by one: devices of dead
-- gateways are subtracted, which may count a few users too few until the sweeper has come (at most two leases).
local EXACT_UP_TO = 2000

-- The incarnations from ARGV[first] on as a set: `count` of them, or all.
local function live_set(first, count)
  local live = {}
  for i = first, count and first + count - 1 or #ARGV do live[ARGV[i]] = true end
  return live
end

local function has_live_device(devices, live)
  for _, device in pairs(devices) do
    if live[device[1]] then return true end
  end
  return false
end

-- entries: hash user -> {sid: [incarnation, since, info, info time]}; counts: hash incarnation -> devices
local function occupancy(entries, counts, live)
  local all, dead = redis.call('HLEN', entries), 0
  local held = redis.call('HGETALL', counts)
  for i = 1, #held, 2 do
    if not live[held[i]] then dead = dead + tonumber(held[i + 1]) end
  end
  if dead == 0 then return all end
  if all > EXACT_UP_TO then return math.max(0, all - dead) end
  local users = 0
  for _, devices in ipairs(redis.call('HVALS', entries)) do
    if has_live_device(cjson.decode(devices), live) then users = users + 1 end
  end
  return users
end

local function add_count(counts, incarnation, by)
  if redis.call('HINCRBY', counts, incarnation, by) <= 0 then redis.call('HDEL', counts, incarnation) end
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
