-- Forgets what is counted under one key, because a person says so. KEYS: the cell, and the record of this request.
-- ARGV: the time or nothing; for how long the record stays, in milliseconds. The answer is 1 if anything was counted.
--
-- What is left is a fresh cell of a generation of its own: a call that was counted before gives nothing back to it.

local done = redis.call('GET', KEYS[2])
if done then
    return done
end
local now = clock(ARGV[1])
local key = KEYS[1]
local kind = redis.call('TYPE', key).ok
local had = false
if kind == 'zset' then
    had = places({window = 0}, key, now).count > 0
    redis.call('DEL', key)
elseif kind == 'string' then
    local c = load(key, redis.call('GET', key), now)
    if not c then
        -- A part of it is missing, so nothing could be counted on with it.
        had = true
        redis.call('DEL', key, key .. LOG)
    else
        local high, low = used(c, now)
        had = high > 0 or low > 0
        local generation = math.max(now, c.generation + 1)
        local packed
        if c.kind == BUCKET then
            packed = struct.pack('<Bddddddd', BUCKET, generation, now, 0, 0, c.mh, c.ml, c.window)
        elseif c.kind == FIXED then
            packed = struct.pack('<Bddddddd', FIXED, generation, c.unit, c.window, c.start, c.finish, 0, 0)
        else
            packed = struct.pack('<Bdddddddddd', SLIDING, generation, c.window, 0, 0, 0, 0, 0, 0, 0, 0)
            redis.call('DEL', key .. LOG)
        end
        redis.call('SET', key, packed, 'KEEPTTL')
    end
end
redis.call('SET', KEYS[2], had and '1' or '0', 'PX', ARGV[2])
return had and '1' or '0'
