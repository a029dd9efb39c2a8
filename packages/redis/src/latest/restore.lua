-- Writes values again that a latest-value room may have lost: a key gets a value that is newer than what it has. What a
-- limit would have dropped stays away, so that no deletion is undone whose marker went that way. Neither the head nor the
-- watermarks change: they belong to what is applied from the horizon on. Repeating it, in any order, changes nothing.
-- KEYS 1 lv:{room}  2 lb:{room}, as in latest.lua
-- ARGV 1 keys  2 bytes (limits)   then per value: id, key, + or -, frame
--#include ../lua/values.lua
local VALUES, SIZE, FIRST_VALUE, WORDS = KEYS[1], KEYS[2], 3, 4

local bytes, dropped = read_size(SIZE)
for at = FIRST_VALUE, #ARGV, WORDS do
  local id, key = ARGV[at], ARGV[at + 1]
  local offset, old = offset_of(id), redis.call('HGET', VALUES, key)
  if offset > dropped and not (old and offset_of(string.sub(old, 1, VALUE_ID_WIDTH)) >= offset) then
    bytes = bytes + put_value(VALUES, key, old, id .. ARGV[at + 2] .. ARGV[at + 3])
  end
end
bytes, dropped = trim_values(VALUES, tonumber(ARGV[1]), tonumber(ARGV[2]), bytes, dropped)
write_size(SIZE, bytes, dropped)
return redis.status_reply('OK')
