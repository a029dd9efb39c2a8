-- Changes a session if its holder is still the one who says so.
-- KEYS 1 s:{sid}   ARGV 1 incarnation 2 generation, '*' for any 3 moving | connected | suspend | remove 4 life in ms for suspend
-- Returns 1 when changed.
local stored = redis.call('HMGET', KEYS[1], 'incarnation', 'generation')
if stored[1] ~= ARGV[1] or (ARGV[2] ~= '*' and stored[2] ~= ARGV[2]) then return 0 end
if ARGV[3] == 'remove' then
  redis.call('DEL', KEYS[1])
elseif ARGV[3] == 'suspend' then
  redis.call('HSET', KEYS[1], 'state', 'suspended')
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
else
  redis.call('HSET', KEYS[1], 'state', ARGV[3])
end
return 1
