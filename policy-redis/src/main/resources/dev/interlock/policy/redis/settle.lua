-- Ends a call: gives back what its ending gives back, or counts it if only failures count; once.
--
-- KEYS: as they were reserved. ARGV: the time or nothing; tolerance in milliseconds, and for how long the call stays
-- cancelled if its request should arrive only now, or 0; a 1 for each part that is given back or
-- counted now, a 2 for each whose amount is known only now, else a 0; then for each part what it counts, or nothing if
-- none has a 2.

local tolerance, cancelled = struct.unpack('<dd', ARGV[2])
local stored = redis.call('MGET', unpack(KEYS))
local record = stored[1]
if record == 'C' then
    return 0
end
-- A script that has written may go on writing when the memory is full, so that giving back works then, too.
redis.call('DEL', KEYS[1])
if cancelled > 0 then
    redis.call('SET', KEYS[1], 'C', 'PX', cancelled)
end
if not record then
    return 0
end

local now = clock(ARGV[1])
local held, at = {}, 9
while at <= #record do
    local h = {}
    h.kind, h.slot, h.generation, at = struct.unpack('<BHd', record, at)
    if h.kind > LATER then
        h.kind, h.later = h.kind - LATER, true
    elseif h.kind > FAILS then
        h.kind, h.fails = h.kind - FAILS, true
    end
    if h.kind == BUCKET then
        h.tat, h.fh, h.fl, h.cost, h.ch, h.cl, h.shift, h.shift_h, h.shift_l, at =
            struct.unpack('<ddddddddd', record, at)
    else
        h.time, h.ah, h.al, at = struct.unpack('<ddd', record, at)
    end
    held[#held + 1] = h
end

-- Only what is still undone of a charge may be taken out of a bucket's queue; see BucketCell in the core.
local function give_back_to_bucket(c, h)
    local last = h.tat == c.tat and h.fh == c.fh and h.fl == c.fl
        and h.shift == c.shift and h.shift_h == c.shift_h and h.shift_l == c.shift_l
    -- What of it lies ahead of now, after all behind it has moved up by what was given back since.
    local ahead = h.tat + h.shift - c.shift - now
    local fh, fl = add(h.fh, h.fl, h.shift_h, h.shift_l)
    if not at_most(c.shift_h, c.shift_l, fh, fl) then
        fh, fl = add(fh, fl, c.mh, c.ml)
        ahead = ahead - 1
    end
    fh, fl = subtract(fh, fl, c.shift_h, c.shift_l)
    if at_most(c.mh, c.ml, fh, fl) then
        fh, fl = subtract(fh, fl, c.mh, c.ml)
        ahead = ahead + 1
    end
    if ahead < 0 then
        return false
    end
    if ahead > h.cost or (ahead == h.cost and not at_most(fh, fl, h.ch, h.cl)) then
        ahead, fh, fl = h.cost, h.ch, h.cl
    end
    if not last then
        if c.shift + ahead >= EXACT / 2 then
            return false
        end
        c.shift = c.shift + ahead
        c.shift_h, c.shift_l = add(c.shift_h, c.shift_l, fh, fl)
        if at_most(c.mh, c.ml, c.shift_h, c.shift_l) then
            c.shift_h, c.shift_l = subtract(c.shift_h, c.shift_l, c.mh, c.ml)
            c.shift = c.shift + 1
        end
    end
    c.tat = c.tat - ahead
    if not at_most(fh, fl, c.fh, c.fl) then
        c.fh, c.fl = add(c.fh, c.fl, c.mh, c.ml)
        c.tat = c.tat - 1
    end
    c.fh, c.fl = subtract(c.fh, c.fl, fh, fl)
    return true
end

-- What was counted, with what the end of the call makes of its part: nothing; its amount, if only failures count; or
-- its real amount. What was too large to be held stays so.
local function changed_by(h, uh, ul)
    if uh == FULL_HIGH and ul == FULL_LOW then
        return uh, ul
    elseif h.fails then
        return add(uh, ul, h.ah, h.al)
    elseif h.later then
        uh, ul = subtract(uh, ul, h.ah, h.al)
        return add(uh, ul, h.real_h, h.real_l)
    end
    return subtract(uh, ul, h.ah, h.al)
end

-- The same for a sum, which is never too large to be held.
local function sum_changed_by(h, uh, ul)
    if h.fails then
        return add_to_sum(uh, ul, h.ah, h.al)
    end
    uh, ul = subtract(uh, ul, h.ah, h.al)
    if h.later then
        return add_to_sum(uh, ul, h.real_h, h.real_l)
    end
    return uh, ul
end

local function give_back_to_sliding(c, h)
    if h.time <= c.left or c.count == c.gone then
        return false
    end
    c.uh, c.ul = sum_changed_by(h, c.uh, c.ul)
    if h.time == c.last then
        c.lh, c.ll = sum_changed_by(h, c.lh, c.ll)
        return true
    end
    -- Merging moves amounts to the next later entry, so the first that is not earlier has it now.
    local log = c.key .. LOG
    local low, high = c.gone, c.count - 1
    while low < high do
        local middle = floor((low + high) / 2)
        if struct.unpack('<d', redis.call('LINDEX', log, middle)) < h.time then
            low = middle + 1
        else
            high = middle
        end
    end
    if low == c.count - 1 then
        c.lh, c.ll = sum_changed_by(h, c.lh, c.ll)
    else
        local time, eh, el = struct.unpack('<ddd', redis.call('LINDEX', log, low))
        eh, el = sum_changed_by(h, eh, el)
        redis.call('LSET', log, low, struct.pack('<ddd', time, eh, el))
    end
    return true
end

local function give_back(c, h)
    if c.kind == BUCKET then
        return give_back_to_bucket(c, h)
    elseif c.kind == SLIDING then
        return give_back_to_sliding(c, h)
    end
    if h.time ~= c.start then
        return false
    end
    c.uh, c.ul = changed_by(h, c.uh, c.ul)
    return true
end

-- The last taken first, which is exact where several parts are one cell's.
local cells, changed = {}, {}
for i = #held, 1, -1 do
    local h = held[i]
    if string.sub(ARGV[3], i, i) == '1' and h.kind == PLACES then
        redis.call('ZREM', KEYS[h.slot], place_of(KEYS[1], h.ah))
    elseif string.sub(ARGV[3], i, i) ~= '0' then
        if h.later then
            h.real_h, h.real_l = struct.unpack('<dd', ARGV[4], 16 * i - 15)
        end
        local c = cells[h.slot]
        if c == nil then
            c = load(KEYS[h.slot], stored[h.slot], now) or false
            cells[h.slot] = c
        end
        -- A cell that is gone was at a fresh start, or its rule was changed: there is nothing to give back to.
        if c and c.kind == h.kind and c.generation == h.generation and give_back(c, h) then
            changed[h.slot] = c
        end
    end
end
for _, c in pairs(changed) do
    store(c, now, tolerance)
end
return 1
