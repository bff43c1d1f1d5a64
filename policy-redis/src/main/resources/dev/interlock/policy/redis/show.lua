-- What is counted under one key, for a person, whatever the rule is. KEYS: the cell. ARGV: the time or nothing.
--
-- The answer is nothing if the cell is as good as a fresh one, else its kind, the unit, the window, the maximum of a
-- bucket, what is used, how long until nothing is, and what the key is called if its name doesn't say it.

local now = clock(ARGV[1])
local key = KEYS[1]
local kind = redis.call('TYPE', key).ok
local c
if kind == 'zset' then
    c = places({window = 0}, key, now)
elseif kind == 'string' then
    c = load(key, redis.call('GET', key), now)
end
if not c then
    return ''
end
local high, low = used(c, now)
if high == 0 and low == 0 then
    return ''
end
if c.kind == BUCKET and low % MILLION > 0 then
    high, low = add(high, low, 0, MILLION - low % MILLION)
end
if not at_most(high, low, FULL_HIGH, FULL_LOW) then
    high, low = FULL_HIGH, FULL_LOW
end
return struct.pack('<BBdddddd', c.kind, c.unit or 0, c.window, c.mh or 0, c.ml or 0, high, low,
    math.max(0, finish_of(c) - now)) .. (redis.call('GET', key .. NAME) or '')
