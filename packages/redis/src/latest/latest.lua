-- Applies records of the log to one latest-value room, in one atomic step. Repeating it changes nothing.
-- KEYS 1 lv:{room}   hash key -> <id, 20 characters><+ value or - deleted><frame>
--      2 hd:{room}   id of the last message applied
--      3 rt:{room}   hash gateway incarnation -> 1
--      4 5 6         d:<day>:{room}, as in append.lua
--      7 lb:{room}   bytes of all values of 1
-- ARGV 1 head the caller remembers, or ''   2 keys  3 bytes (limits)   4 life of 5 in ms   5 p of a first value
--      then per message, ascending by offset: id, offset, inst, n, key, + or -, frame
-- Returns as append.lua; p is that of an append, '?' for what was there before. There is no expiry: the newest value
-- is owed for ever.
--#include ../lua/watermark.lua
local VALUES, HEAD, ROUTES, BYTES, DAY, FIRST_MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], 5
local FIRST_MESSAGE, WORDS, ID_WIDTH = 6, 7, 20

local head = redis.call('GET', HEAD)
local top = head and offset_of(head) or -1
if ARGV[1] ~= '' and offset_of(ARGV[1]) > top then return { 1, head or '' } end

local marks = nil
local verdicts, written, bytes = {}, {}, tonumber(redis.call('GET', BYTES) or '0')
local function answer(verdict, p)
  verdicts[#verdicts + 1] = verdict
  verdicts[#verdicts + 1] = p or '?'
end

for at = FIRST_MESSAGE, #ARGV, WORDS do
  local id, offset, inst, n, key = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4]
  local old = redis.call('HGET', VALUES, key)
  if offset <= top then
    if old and string.sub(old, 1, ID_WIDTH) == id then answer('r') else answer('x') end
  else
    marks = marks or read_marks(FIRST_MARKS, FIRST_MESSAGE, WORDS)
    if is_duplicate(marks[inst], n, offset) then
      answer('d')
    else
      redis.call('HSET', VALUES, key, id .. ARGV[at + 5] .. ARGV[at + 6])
      bytes = bytes + #ARGV[at + 6] - (old and #old - ID_WIDTH - 1 or 0)
      local previous = head or ARGV[5]
      head, top = id, offset
      marks[inst].now = { n, offset }
      written[inst] = ARGV[at + 3] .. ':' .. ARGV[at + 1]
      answer('a', previous)
    end
  end
end

-- Drops the values not written for longest while there are too many or they are too big; never the newest.
local function trim(keys_limit, bytes_limit)
  local count = redis.call('HLEN', VALUES)
  if count <= keys_limit and bytes <= bytes_limit then return end
  local all, order = redis.call('HGETALL', VALUES), {}
  for i = 1, #all, 2 do
    order[#order + 1] = { key = all[i], offset = offset_of(string.sub(all[i + 1], 1, ID_WIDTH)), size = #all[i + 1] - ID_WIDTH - 1 }
  end
  table.sort(order, function(a, b) return a.offset < b.offset end)
  for i = 1, #order - 1 do
    if count <= keys_limit and bytes <= bytes_limit then return end
    redis.call('HDEL', VALUES, order[i].key)
    count, bytes = count - 1, bytes - order[i].size
  end
end

if next(written) then
  trim(tonumber(ARGV[2]), tonumber(ARGV[3]))
  redis.call('SET', BYTES, string.format('%.0f', bytes))
  redis.call('SET', HEAD, head)
  write_marks(DAY, written, ARGV[4])
end

return { 0, head or '', redis.call('HKEYS', ROUTES), verdicts }
