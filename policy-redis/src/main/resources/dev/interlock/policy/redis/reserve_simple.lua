-- Takes everything that a call is charged to, or nothing. This is the beginning of the script: it does what is asked
-- nearly always, at half the cost, and leaves all else to the rest, cells.lua and reserve.lua, which could do this as
-- well.
--
-- KEYS: the call's record, then the cells, each once, then for each cell the keys of its caller, then for each cell the
-- keys of its limit. ARGV: the time or nothing; lease and tolerance in milliseconds, a number that stands for the whole
-- of what is asked for, and how many keys a limit may have; then a part for each charge.
--
-- The record is there while the call runs, for as long as its lease: a repeated request finds it and takes nothing
-- again, and settling finds in it what was taken of each cell.
--
-- The keys of a caller, and of a limit, are a sorted set. Its members stand for cells, and their scores are the
-- moments, in milliseconds, up to which the cells are counted: never before they end. So a key that expires is no
-- longer counted, though no caller takes it out.

local GRANTED, REFUSED, CANCELLED, CONFLICT, DAMAGED, TOO_MANY = 1, 2, 3, 4, 5, 6
local COARSE = 60000

local lease, tolerance, sign, max_keys = struct.unpack('<dddd', ARGV[2])
local size = (#KEYS - 1) / 3
local stored = redis.call('MGET', unpack(KEYS, 1, size + 1))
local record = stored[1]
if record then
    if record == 'C' then
        return struct.pack('B', CANCELLED)
    end
    return struct.pack('B', struct.unpack('<d', record) == sign and GRANTED or CONFLICT)
end

-- The server's time, unless a test gives another.
local now
if ARGV[1] ~= '' then
    now = tonumber(ARGV[1])
else
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end

-- Up to when a cell is counted that ends at this moment: rounded up to a multiple of the grain. A call moves the end of
-- a bucket or a sliding window, but only one in a grain moves this, and only then is anything noted.
local function counted_until(finish, grain)
    grain = math.max(COARSE, grain / 1000)
    return math.ceil((finish / 1000 + tolerance) / grain) * grain
end

-- Simple are buckets that nothing was given back to, and fixed windows that have begun, each key once, with amounts
-- that a double holds exactly, by the rule that they were counted by so far, and no cell is new or has to be counted
-- for longer than was noted. The answer, or nil if it is not so simple; then nothing has been written.
local function simple()
    local BUCKET, FIXED = 1, 3
    local BASE, MILLION, HALF = 1000000000, 1000000, 4503599627370496 -- 2^52
    local LENGTH = 57
    local floor, pack, unpack = math.floor, struct.pack, struct.unpack
    local cells, ends, taken = {}, {}, {pack('<d', sign)}
    if #ARGV[2] > 32 then
        return nil -- The names of keys follow, where cells' names are only hashes of them.
    end
    for i = 1, #ARGV - 2 do
        local kind, unit, bounded, slot, ah, al, sh, sl, mh, ml, window, at = unpack('<BBBHddddddd', ARGV[i + 2])
        local asked, max, packed = sh * BASE + sl, mh * BASE + ml, stored[slot]
        if bounded > 1 or (bounded == 0 and kind == BUCKET) or slot ~= i + 1 or asked >= HALF or max >= HALF
            or (bounded ~= 0 and asked > max)
            or not packed or #packed ~= LENGTH then
            return nil
        end
        if kind == BUCKET then
            local tat, fraction = now, 0
            local was, generation, t, oldh, oldl, oh, ol, w = unpack('<Bddddddd', packed)
            if was ~= BUCKET or oh ~= mh or ol ~= ml or w ~= window then
                return nil
            end
            if t >= now then
                tat, fraction = t, oldh * BASE + oldl
            end
            local cost, ch, cl = unpack('<ddd', ARGV[i + 2], at)
            tat, fraction = tat + cost, fraction + ch * BASE + cl
            if fraction >= max then
                tat, fraction = tat + 1, fraction - max
            end
            local wait = tat - now - window
            if fraction > 0 then
                wait = wait + 1
            end
            if wait > 0 then
                return pack('<BHd', REFUSED, i - 1, wait)
            end
            if counted_until(tat + 1, window) > counted_until(t + 1, window) then
                return nil
            end
            local fh, fl = floor(fraction / BASE), fraction % BASE
            cells[i] = pack('<Bddddddd', BUCKET, generation, tat, fh, fl, mh, ml, window)
            ends[i] = tat + 1
            taken[i + 1] = pack('<BHdddddddddd', BUCKET, slot, generation, tat, fh, fl, cost, ch, cl, 0, 0, 0)
        elseif kind == FIXED then
            local was, generation, u, w, start, finish, uh, ul = unpack('<Bddddddd', packed)
            local used = uh * BASE + ul
            if was ~= FIXED or u ~= unit or w ~= window or floor(now / MILLION) >= finish or used >= HALF then
                return nil
            end
            used = used + asked
            if bounded ~= 0 and used > max then
                return pack('<BHd', REFUSED, i - 1, finish * MILLION - now)
            end
            local high, low = floor(used / BASE), used % BASE
            cells[i] = pack('<Bddddddd', FIXED, generation, unit, window, start, finish, high, low)
            ends[i] = finish * MILLION
            taken[i + 1] = pack('<BHdddd', FIXED, slot, generation, start, ah, al)
        else
            return nil
        end
    end
    -- As text: Redis would write out a double to its seventeenth digit.
    for i = 1, #cells do
        local ttl = math.max(1, math.ceil((ends[i] - now) / 1000)) + tolerance
        redis.call('SET', KEYS[i + 1], cells[i], 'PX', string.format('%d', ttl))
    end
    redis.call('SET', KEYS[1], table.concat(taken), 'PX', string.format('%d', lease))
    return pack('B', GRANTED)
end

local answer = simple()
if answer then
    return answer
end

