--#include position.lua

-- Duplicate watermarks: a hash per day, client instance -> "<n>:<offset>" of the newest message appended.
-- A mark counts for a record only when its offset is lower: the same offset is the record itself, a higher
-- one was written by a future that Redis has lost.

-- The marks of all instances in the batch: inst -> list of {n, offset}. `first_key` on are the daily keys; the
-- instance is the third word of a message, messages start at ARGV[first] and are `words` long.
local function read_marks(first_key, first, words)
  local marks, instances = {}, {}
  for at = first, #ARGV, words do
    local inst = ARGV[at + 2]
    if not marks[inst] then
      marks[inst] = {}
      instances[#instances + 1] = inst
    end
  end
  for k = first_key, #KEYS do
    for i, value in ipairs(redis.call('HMGET', KEYS[k], unpack(instances))) do
      if value then
        local n, offset = string.match(value, '^(%d+):(%d+)$')
        local list = marks[instances[i]]
        list[#list + 1] = { tonumber(n), tonumber(offset) }
      end
    end
  end
  return marks
end

-- Writes inst -> "<n>:<offset>". The life is set when an instance is new to the key: it is long enough to be
-- counted from the first write of the day.
local function write_marks(key, written, life)
  local fields = {}
  for inst, mark in pairs(written) do
    fields[#fields + 1] = inst
    fields[#fields + 1] = mark
  end
  if redis.call('HSET', key, unpack(fields)) > 0 then redis.call('PEXPIRE', key, life) end
end

local function is_duplicate(list, n, offset)
  for _, mark in pairs(list) do
    if mark[2] < offset and mark[1] >= n then return true end
  end
  return false
end
