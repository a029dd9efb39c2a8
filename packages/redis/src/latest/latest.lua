-- Applies records of the log to one latest-value room, in one atomic step. Repeating it changes nothing.
-- KEYS 1 lv:{room}   see values.lua
--      2 hd:{room}   id of the last message applied
--      3 rt:{room}   hash gateway incarnation -> 1
--      4 lb:{room}   see values.lua
--      5...          d:<day>:{room}, as in append.lua
-- ARGV 1 head the caller remembers, or ''   2 keys  3 bytes (limits)   4 life of 5 in ms   5 p of a first value
--      then per message, ascending by offset: id, offset, inst, n, key, + or -, frame
-- Returns as append.lua; p is that of an append, '?' for what was there before. There is no expiry: the newest value
-- is owed for ever.
--#include ../lua/watermark.lua
--#include ../lua/values.lua
local VALUES, HEAD, ROUTES, SIZE, DAY, FIRST_MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], 5
local FIRST_MESSAGE, WORDS = 6, 7

local head = redis.call('GET', HEAD)
local top = head and offset_of(head) or -1
if ARGV[1] ~= '' and offset_of(ARGV[1]) > top then return { 1, head or '' } end

local marks = nil
local verdicts, written = {}, {}
local bytes, dropped = read_size(SIZE)
local function answer(verdict, p)
  verdicts[#verdicts + 1] = verdict
  verdicts[#verdicts + 1] = p or '?'
end

for at = FIRST_MESSAGE, #ARGV, WORDS do
  local id, offset, inst, n, key = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4]
  local old = redis.call('HGET', VALUES, key)
  if offset <= top then
    if old and string.sub(old, 1, VALUE_ID_WIDTH) == id then answer('r') else answer('x') end
  else
    marks = marks or read_marks(FIRST_MARKS, FIRST_MESSAGE, WORDS)
    if is_duplicate(marks[inst], n, offset) then
      answer('d')
    else
      bytes = bytes + put_value(VALUES, key, old, id .. ARGV[at + 5] .. ARGV[at + 6])
      local previous = head or ARGV[5]
      head, top = id, offset
      marks[inst].now = { n, offset }
      written[inst] = ARGV[at + 3] .. ':' .. ARGV[at + 1]
      answer('a', previous)
    end
  end
end

if next(written) then
  bytes, dropped = trim_values(VALUES, tonumber(ARGV[2]), tonumber(ARGV[3]), bytes, dropped)
  write_size(SIZE, bytes, dropped)
  redis.call('SET', HEAD, head)
  write_marks(DAY, written, ARGV[4])
end

return { 0, head or '', redis.call('HKEYS', ROUTES), verdicts }
