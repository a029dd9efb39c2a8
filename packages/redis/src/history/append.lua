-- Applies records of the log to one room's history, in one atomic step. Repeating it changes nothing.
-- KEYS 1 h:{room}   stream, entry <offset>-1: f frame, p previous id, t timestamp, b bytes of all frames before,
--                   o when there was no head, so that p is what the caller believed
--      2 hd:{room}  <id of the last message appended>:<bytes of all frames>:<b>:<t>; the last two are those of an
--                   entry at or before the oldest one kept, so that trimming need not look at the stream each time
--      3 rt:{room}  hash gateway incarnation -> 1
--      4            d:<day>:{room} of the day of the records, read and written
--      5...         d:<day>:{room} of the day before, and near its end of the day after (clocks of brokers differ); read
-- ARGV 1 head the caller remembers, or ''   2 p of a first message   3 count  4 bytes  5 age ms (limits)
--      6 life of 2 in ms   7 life of 4 in ms
--      then per message, ascending by offset: id, offset, inst, n, ts, frame
-- Returns {1, head or ''} when the remembered head is above the head (Redis lost writes; nothing is written),
--      else {0, head or '', {incarnation...}, {verdict, p, verdict, p...}};
--      verdicts: a appended, r present, d duplicate, x decided before
--#include ../lua/watermark.lua
local HISTORY, HEAD, ROUTES, DAY, FIRST_MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], 4
local FIRST_MESSAGE, WORDS, ID_WIDTH = 8, 6, 20

local head, bytes, oldest_b, oldest_t = nil, 0, nil, nil
local stored = redis.call('GET', HEAD)
if stored then
  local total, b, t = string.match(stored, ':(%d+):(%d+):(%d+)$')
  head, bytes, oldest_b, oldest_t = string.sub(stored, 1, ID_WIDTH), tonumber(total), tonumber(b), tonumber(t)
end
local top = head and offset_of(head) or -1
if ARGV[1] ~= '' and offset_of(ARGV[1]) > top then return { 1, head or '' } end

local marks = nil
local verdicts, written, newest_t, newest_entry = {}, {}, nil, nil
local function answer(verdict, p)
  verdicts[#verdicts + 1] = verdict
  verdicts[#verdicts + 1] = p
end

local function append(offset, previous, t, frame)
  local entry = offset .. '-1'
  local fields = { 'XADD', HISTORY, 'MAXLEN', ARGV[3], entry, 'f', frame, 'p', previous, 't', t,
    'b', string.format('%.0f', bytes) }
  -- Entries without a head, or above it, are no history (the two keys were lost apart): start again.
  if not head then
    redis.call('DEL', HISTORY)
    fields[#fields + 1], fields[#fields + 2] = 'o', '1'
  end
  local added = redis.pcall(unpack(fields))
  if type(added) == 'table' and added.err then
    redis.call('DEL', HISTORY)
    redis.call(unpack(fields))
  end
  newest_t, newest_entry = tonumber(t), entry
  oldest_b, oldest_t = oldest_b or bytes, oldest_t or newest_t
  bytes = bytes + #frame
end

for at = FIRST_MESSAGE, #ARGV, WORDS do
  local id, offset, inst, n = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 3])
  if offset <= top then
    local entry_id = ARGV[at + 1] .. '-1'
    local entry = redis.call('XRANGE', HISTORY, entry_id, entry_id)[1]
    if entry then answer('r', entry[2][4]) else answer('x', '?') end
  else
    marks = marks or read_marks(FIRST_MARKS, FIRST_MESSAGE, WORDS)
    if is_duplicate(marks[inst], n, offset) then
      answer('d', '?')
    else
      local previous = head or ARGV[2]
      append(ARGV[at + 1], previous, ARGV[at + 4], ARGV[at + 5])
      head, top = id, offset
      marks[inst].now = { n, offset }
      written[inst] = ARGV[at + 3] .. ':' .. ARGV[at + 1]
      answer('a', previous)
    end
  end
end

-- Drops the oldest entries while the history holds too many bytes or they are too old; never the newest.
local function trim(keep_bytes, keep_t)
  if bytes - oldest_b <= keep_bytes and oldest_t >= keep_t then return end
  local from, scan, dropped = '-', 1, false
  while true do
    for _, entry in ipairs(redis.call('XRANGE', HISTORY, from, '+', 'COUNT', scan)) do
      oldest_b, oldest_t = tonumber(entry[2][8]), tonumber(entry[2][6])
      local fits = bytes - oldest_b <= keep_bytes and oldest_t >= keep_t
      if fits or entry[1] == newest_entry then
        if dropped then redis.call('XTRIM', HISTORY, 'MINID', entry[1]) end
        return
      end
      from, dropped = '(' .. entry[1], true
    end
    scan = 16
  end
end

if newest_entry then
  trim(tonumber(ARGV[4]), newest_t - tonumber(ARGV[5]))
  redis.call('PEXPIRE', HISTORY, ARGV[5])
  redis.call('SET', HEAD, string.format('%s:%.0f:%.0f:%.0f', head, bytes, oldest_b, oldest_t), 'PX', ARGV[6])
  write_marks(DAY, written, ARGV[7])
end

return { 0, head or '', redis.call('HKEYS', ROUTES), verdicts }
