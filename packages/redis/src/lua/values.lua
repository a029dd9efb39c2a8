--#include position.lua

-- The values of a latest-value room: a hash key -> <id, 20 characters><+ value or - deleted><frame>, and beside it
-- "<bytes of all frames>:<offset of the newest value ever dropped for the limits, -1 for none>".
local VALUE_ID_WIDTH = 20

local function read_size(key)
  local bytes, dropped = string.match(redis.call('GET', key) or '0', '^(%d+):?(-?%d*)$')
  return tonumber(bytes), tonumber(dropped) or -1
end

local function write_size(key, bytes, dropped)
  redis.call('SET', key, string.format('%.0f:%.0f', bytes, dropped))
end

-- Sets a key; returns by how many bytes the room grew.
local function put_value(values, key, old, new)
  redis.call('HSET', values, key, new)
  return #new - (old and #old or VALUE_ID_WIDTH + 1)
end

-- Drops the values not written for longest while there are too many or they are too big; never the newest.
local function trim_values(values, keys_limit, bytes_limit, bytes, dropped)
  local count = redis.call('HLEN', values)
  if count <= keys_limit and bytes <= bytes_limit then return bytes, dropped end
  local all, order = redis.call('HGETALL', values), {}
  for i = 1, #all, 2 do
    order[#order + 1] = { key = all[i], offset = offset_of(string.sub(all[i + 1], 1, VALUE_ID_WIDTH)), size = #all[i + 1] - VALUE_ID_WIDTH - 1 }
  end
  table.sort(order, function(a, b) return a.offset < b.offset end)
  for i = 1, #order - 1 do
    if count <= keys_limit and bytes <= bytes_limit then break end
    redis.call('HDEL', values, order[i].key)
    count, bytes, dropped = count - 1, bytes - order[i].size, math.max(dropped, order[i].offset)
  end
  return bytes, dropped
end
