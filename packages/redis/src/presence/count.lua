-- Live users of a room.
-- KEYS 1 ph:{room} 2 pc:{room}   ARGV 1... live incarnations
--#include ../lua/occupancy.lua
return occupancy(KEYS[1], KEYS[2], live_set(1))
