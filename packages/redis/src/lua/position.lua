-- A position is 6 characters epoch, 3 partition, 11 offset, in base 36. Compared as numbers: string
-- comparison in Lua follows the locale of the server.
local function offset_of(position)
  return tonumber(string.sub(position, 10), 36)
end
