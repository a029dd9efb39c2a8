-- Duplicate watermarks: a hash per day, client instance -> "<n>:<offset>" of the newest message appended.
-- A mark counts for a record only when its offset is lower: the same offset is the record itself, a higher
-- one was written by a future that Redis has lost.

-- The marks of the instances in all three daily keys: inst -> list of {n, offset}.
local function read_marks(days, instances)
  local marks = {}
  for _, inst in ipairs(instances) do marks[inst] = {} end
  for _, key in ipairs(days) do
    for i, value in ipairs(redis.call('HMGET', key, unpack(instances))) do
      if value then
        local n, offset = string.match(value, '^(%d+):(%d+)$')
        local list = marks[instances[i]]
        list[#list + 1] = { tonumber(n), tonumber(offset) }
      end
    end
  end
  return marks
end

local function is_duplicate(list, n, offset)
  for _, mark in pairs(list) do
    if mark[2] < offset and mark[1] >= n then return true end
  end
  return false
end

-- A position is 6 characters epoch, 3 partition, 11 offset, in base 36. Compared as numbers: string
-- comparison in Lua follows the locale of the server.
local function offset_of(position)
  return tonumber(string.sub(position, 10), 36)
end
