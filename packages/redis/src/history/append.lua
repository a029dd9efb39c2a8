-- Applies records of the log to one room's history, in one atomic step. Repeating it changes nothing.
-- KEYS 1 h:{room}   stream, entry <offset>-1: f frame, p previous id, t timestamp, b bytes of all frames before
--      2 hd:{room}  id of the last message appended
--      3 rt:{room}  hash gateway incarnation -> 1
--      4 5 6        d:<day>:{room} of the day before, the day, and the day after the records (clocks of brokers
--                   differ around midnight); all are read, 5 is written
-- ARGV 1 head the caller remembers, or ''   2 p of a first message   3 count  4 bytes  5 age ms (limits)
--      6 life of 2 in ms   7 life of 5 in ms
--      then per message, ascending by offset: id, offset, inst, n, ts, frame
-- Returns {1, head or ''} when the remembered head is above the head (Redis lost writes; nothing is written),
--      else {0, head or '', {incarnation...}, {verdict, p, verdict, p...}};
--      verdicts: a appended, r present, d duplicate, x decided before
--#include ../lua/watermark.lua
local HISTORY, HEAD, ROUTES, DAY = KEYS[1], KEYS[2], KEYS[3], KEYS[5]
local FIRST_MESSAGE, WORDS = 8, 6

local head = redis.call('GET', HEAD)
local top = head and offset_of(head) or -1
if ARGV[1] ~= '' and offset_of(ARGV[1]) > top then return { 1, head or '' } end

local instances, seen, above = {}, {}, false
for at = FIRST_MESSAGE, #ARGV, WORDS do
  local inst = ARGV[at + 2]
  if not seen[inst] then
    seen[inst] = true
    instances[#instances + 1] = inst
  end
  if tonumber(ARGV[at + 1]) > top then above = true end
end

local marks, bytes = {}, 0
if above then
  marks = read_marks({ KEYS[4], KEYS[5], KEYS[6] }, instances)
  local last = redis.call('XREVRANGE', HISTORY, '+', '-', 'COUNT', 1)[1]
  if last and tonumber(string.match(last[1], '^%d+')) == top then
    bytes = tonumber(last[2][8]) + #last[2][2]
  elseif last then
    -- Entries that do not end at the head are no history (the two keys were lost apart): start again.
    redis.call('DEL', HISTORY)
  end
end

local verdicts, written, newest = {}, {}, nil
local function answer(verdict, p)
  verdicts[#verdicts + 1] = verdict
  verdicts[#verdicts + 1] = p
end

for at = FIRST_MESSAGE, #ARGV, WORDS do
  local id, offset, inst, n, frame = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 5]
  if offset <= top then
    local entry_id = ARGV[at + 1] .. '-1'
    local entry = redis.call('XRANGE', HISTORY, entry_id, entry_id)[1]
    if entry then answer('r', entry[2][4]) else answer('x', '?') end
  elseif is_duplicate(marks[inst], n, offset) then
    answer('d', '?')
  else
    local p = head or ARGV[2]
    redis.call('XADD', HISTORY, ARGV[at + 1] .. '-1', 'f', frame, 'p', p, 't', ARGV[at + 4],
      'b', string.format('%.0f', bytes))
    newest = { offset = ARGV[at + 1], t = tonumber(ARGV[at + 4]) }
    bytes = bytes + #frame
    head, top = id, offset
    marks[inst][4] = { n, offset }
    written[inst] = ARGV[at + 3] .. ':' .. ARGV[at + 1]
    answer('a', p)
  end
end

-- Drops the oldest entries while the history holds too many bytes or they are too old; never the newest.
local function trim()
  redis.call('XTRIM', HISTORY, 'MAXLEN', ARGV[3])
  local keep_bytes, oldest_t = tonumber(ARGV[4]), newest.t - tonumber(ARGV[5])
  local from, scan, drop_to = '-', 1, nil
  while true do
    local entries = redis.call('XRANGE', HISTORY, from, '+', 'COUNT', scan)
    for _, entry in ipairs(entries) do
      local fields = entry[2]
      local fits = bytes - tonumber(fields[8]) <= keep_bytes and tonumber(fields[6]) >= oldest_t
      if fits or entry[1] == newest.offset .. '-1' then
        if drop_to then redis.call('XTRIM', HISTORY, 'MINID', entry[1]) end
        return
      end
      drop_to = entry[1]
    end
    from, scan = '(' .. drop_to, 16
  end
end

if newest then
  trim()
  redis.call('PEXPIRE', HISTORY, ARGV[5])
  redis.call('SET', HEAD, head, 'PX', ARGV[6])
  local fields = {}
  for inst, mark in pairs(written) do
    fields[#fields + 1] = inst
    fields[#fields + 1] = mark
  end
  redis.call('HSET', DAY, unpack(fields))
  redis.call('PEXPIRE', DAY, ARGV[7])
end

return { 0, head or '', redis.call('HKEYS', ROUTES), verdicts }
