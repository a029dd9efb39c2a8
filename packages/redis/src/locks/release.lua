-- Gives a lock back if it is still this holder's.
-- KEYS 1 lock:{name}   ARGV 1 holder
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
