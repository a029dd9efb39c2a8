-- Raises watermarks of users in a room. They only rise, and what was read counts as delivered.
-- KEYS 1 w:{room}   hash user -> <delivered>,<read>
--      2 ph:{room}  who is here: above the limit nothing is kept
-- ARGV 1 members up to which watermarks are kept 2 life of 1 in ms, then per user: user, delivered or '', read or ''
-- Returns what rose, flat: user, delivered or '', read or ''
--#include ../lua/position.lua
local LIMIT, FIRST, WORDS = tonumber(ARGV[1]), 3, 3
if redis.call('HLEN', KEYS[2]) > LIMIT then return {} end

local function is_higher(new, old)
  return new ~= '' and (old == '' or offset_of(new) > offset_of(old))
end

local function read_mark(stored)
  if not stored then return '', '' end
  return string.match(stored, '^(%w*),(%w*)$')
end

local rose = {}
for at = FIRST, #ARGV, WORDS do
  local user, delivered, read = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if is_higher(read, delivered) then delivered = read end
  local old_delivered, old_read = read_mark(redis.call('HGET', KEYS[1], user))
  local delivered_rose, read_rose = is_higher(delivered, old_delivered), is_higher(read, old_read)
  if delivered_rose or read_rose then
    local mark = (delivered_rose and delivered or old_delivered) .. ',' .. (read_rose and read or old_read)
    redis.call('HSET', KEYS[1], user, mark)
    rose[#rose + 1] = user
    rose[#rose + 1] = delivered_rose and delivered or ''
    rose[#rose + 1] = read_rose and read or ''
  end
end

-- Members change over a day: who is furthest behind is most likely gone.
local function forget_those_behind()
  local all, order = redis.call('HGETALL', KEYS[1]), {}
  for i = 1, #all, 2 do
    order[#order + 1] = { user = all[i], offset = offset_of((read_mark(all[i + 1]))) }
  end
  table.sort(order, function(a, b) return a.offset < b.offset end)
  for i = 1, #order - LIMIT do redis.call('HDEL', KEYS[1], order[i].user) end
end

if #rose > 0 then
  if redis.call('HLEN', KEYS[1]) > LIMIT then forget_those_behind() end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return rose
