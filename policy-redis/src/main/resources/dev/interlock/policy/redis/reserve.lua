-- The rest of the script that reserve_simple.lua begins: what is asked for in full generality.

-- A caller may bring one more key while it has fewer than this part of those that its limit still has room for.
local CALLERS = 8
-- So many that have ended are taken out when one comes, so that no call has to wait for very many.
local TAKEN_OUT = 16

local millis = floor(now / 1000)

local function counted(c)
    return counted_until(finish_of(c), c.kind == FIXED and 0 or c.window)
end

-- Of a length that does not depend on what a tool or a session is called.
local function member(slot)
    return string.sub(redis.sha1hex(KEYS[slot]), 1, 20)
end

-- How many keys each set gets by this call.
local brought = {}

local function size_of(set)
    return redis.call('ZCOUNT', set, string.format('(%d', millis), '+inf') + (brought[set] or 0)
end

-- Whether there is a place for a new cell in the sets of its caller and its limit. Only reads: once a script has
-- written anything, Redis lets it write on with its memory full, so the first write must be one that a full memory
-- forbids.
local function has_place(slot)
    local callers, limits, name = KEYS[slot + size], KEYS[slot + 2 * size], member(slot)
    local function is_new_in(set)
        local score = redis.call('ZSCORE', set, name)
        return not score or tonumber(score) <= millis
    end
    local room = max_keys - size_of(limits)
    if is_new_in(limits) then
        if room < 1 then
            return false
        end
        brought[limits] = (brought[limits] or 0) + 1
    end
    if is_new_in(callers) then
        if size_of(callers) >= math.max(1, floor(room / CALLERS)) then
            return false
        end
        brought[callers] = (brought[callers] or 0) + 1
    end
    return true
end

local function note(set, name, score)
    redis.call('ZADD', set, score, name)
    local ended = redis.call('ZRANGEBYSCORE', set, '-inf', millis, 'LIMIT', 0, TAKEN_OUT)
    if #ended > 0 then
        redis.call('ZREM', set, unpack(ended))
    end
    local last = redis.call('ZRANGE', set, -1, -1, 'WITHSCORES')
    redis.call('PEXPIRE', set, math.max(1, tonumber(last[2]) - millis))
end

-- Up to when each cell was counted; 0 for those that are new. One whose time is over is as good as new.
local noted = {}

local parts, cells = {}, {}
for i = 1, #ARGV - 2 do
    local p = part(ARGV[i + 2])
    parts[i] = p
    local c = cells[p.slot]
    if c == nil then
        c = find(p, KEYS[p.slot], stored[p.slot], now)
        if c == nil then
            return struct.pack('<BH', DAMAGED, i - 1)
        end
        noted[p.slot] = c and (c.kind ~= PLACES or c.count > 0) and counted(c) or 0
        if noted[p.slot] <= millis and not has_place(p.slot) then
            return struct.pack('<BH', TOO_MANY, i - 1)
        end
        c = c or fresh(p, KEYS[p.slot], now, now)
        cells[p.slot] = c
    end
    local wait = wait_for(counts_by(c, p) and c or carry(c, p, now), p, now)
    if wait == nil then
        return struct.pack('<BH', DAMAGED, i - 1)
    elseif wait ~= 0 then
        return struct.pack('<BHd', REFUSED, i - 1, wait)
    end
end

local function change(p)
    local c = cells[p.slot]
    if not counts_by(c, p) then
        c = carry(c, p, now)
        cells[p.slot] = c
    end
    c.edges = p.edges
    return c
end

-- First the changes, so that all that is taken of a key is taken of the cell that stays.
for i = 1, #parts do
    change(parts[i])
end
local taken = {struct.pack('<d', sign)}
for i = 1, #parts do
    local p = parts[i]
    local c = change(p)
    local fails, later = counts_failures(p.bounded), counts_afterwards(p.bounded)
    if fails then
        -- Nothing yet, but so that the cell is there when the call has failed.
        take(c, now, 0, 0)
    else
        take(c, now, p.ah, p.al, p.cost, p.ch, p.cl)
    end
    local packed
    if c.kind == PLACES then
        c.added[#c.added + 1] = place_of(KEYS[1], i)
        -- The record outlives the lease, so that the end of the call finds its place.
        lease = math.max(lease, math.ceil(c.window / 1000) + tolerance)
        packed = struct.pack('<BHdddd', PLACES, p.slot, c.window, 0, i, 0)
    elseif c.kind == BUCKET then
        packed = struct.pack('<BHdddddddddd', BUCKET, p.slot, c.generation, c.tat, c.fh, c.fl, p.cost, p.ch, p.cl,
            c.shift, c.shift_h, c.shift_l)
    else
        if later then
            -- The record lasts as long as the window, since what is counted at the end may be more than was reserved.
            lease = math.max(lease, math.ceil((finish_of(c) - now) / 1000) + tolerance)
        end
        packed = struct.pack('<BHdddd', c.kind + (fails and FAILS or later and LATER or 0), p.slot, c.generation,
            c.kind == FIXED and c.start or c.last, p.ah, p.al)
    end
    taken[i + 1] = packed
end
for _, c in pairs(cells) do
    store(c, now, tolerance)
end
-- A key is on the account of the caller who brings it, and then of any caller who makes it last longer.
for slot, c in pairs(cells) do
    local score = counted(c)
    if score > noted[slot] then
        note(KEYS[slot + size], member(slot), score)
        note(KEYS[slot + 2 * size], member(slot), score)
    end
end
local at = 33
while at <= #ARGV[2] do
    local slot, length
    slot, length, at = struct.unpack('<HI4', ARGV[2], at)
    local ttl = math.max(1, redis.call('PTTL', KEYS[slot])) + tolerance
    redis.call('SET', KEYS[slot] .. NAME, string.sub(ARGV[2], at, at + length - 1), 'PX', string.format('%.0f', ttl))
    at = at + length
end
redis.call('SET', KEYS[1], table.concat(taken), 'PX', string.format('%.0f', lease))
return struct.pack('B', GRANTED)
