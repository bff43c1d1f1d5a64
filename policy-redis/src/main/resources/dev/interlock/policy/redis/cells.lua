-- What is counted under one key, and how. The scripts reserve, settle and usage begin with this text.
--
-- A cell is a string: a byte for its kind and then doubles, little-endian. A sliding window has a list besides, under
-- the cell's key with LOG after it, and so in the same slot. Times are in microseconds since 1970, by the server's
-- clock, and exact in a double until 2255. Amounts are in millionths, up to 10^18, which no double holds: they are
-- pairs of doubles, high and low, to the base of a billion. A cell's generation tells it from others that had its key
-- before.
--
-- What each kind guarantees is the same as in memory; the Javadoc of the core's cells has the formulas and the sources.

local BUCKET, SLIDING, FIXED, PLACES = 1, 2, 3, 4
-- Units of the calendar of a zone have larger numbers. Their window is a number for the zone, and where it begins comes
-- with each part: this server knows no zones.
local IN_ZONE = 8

-- What "bounded" says of a part: nothing is compared with its max; its amount is; its calls count only when they have
-- failed; its amount is known only when the call has ended. The last two are larger by UNCHECKED if nothing is compared
-- with their max. What is added to the kind in the record of a call that counts only when it has failed, and of one
-- whose amount is known only then.
local UNBOUNDED, FAILURES, AFTERWARDS, UNCHECKED = 0, 2, 3, 2
local FAILS, LATER = 16, 32

local function is_checked(bounded)
    return bounded ~= UNBOUNDED and bounded < FAILURES + UNCHECKED
end

local function counts_failures(bounded)
    return bounded == FAILURES or bounded == FAILURES + UNCHECKED
end

local function counts_afterwards(bounded)
    return bounded == AFTERWARDS or bounded == AFTERWARDS + UNCHECKED
end
-- The byte 255 is in no UTF-8, so no name of a cell, whatever its subject is called, is that of another's list.
local LOG = '\255log'
local FORMER_LOG = ':log'
-- What a key is called, under its cell's key with this after it, where that is only a hash of it.
local NAME = '\255name'
local BASE = 1000000000
local MILLION = 1000000
local EXACT = 9007199254740992 -- 2^53
local FULL_HIGH, FULL_LOW = 9223372036, 854775807
local NEVER = -1
local LONGEST_DEBT = 2305843009213693 -- 73 years, past any window

-- From this many entries on, a sliding window merges those of one slice, and this many slices make a window.
local ENTRIES, SLICES = 2048, 2048

local floor = math.floor

-- ---- amounts ----

local function at_most(ah, al, bh, bl)
    return ah < bh or (ah == bh and al <= bl)
end

local function add(ah, al, bh, bl)
    local high, low = ah + bh, al + bl
    if low >= BASE then
        high, low = high + 1, low - BASE
    end
    if not at_most(high, low, FULL_HIGH, FULL_LOW) then
        return FULL_HIGH, FULL_LOW
    end
    return high, low
end

-- The same for a sum that loses its parts again, and so may not be cut off.
local function add_to_sum(ah, al, bh, bl)
    local high, low = ah + bh, al + bl
    if low >= BASE then
        return high + 1, low - BASE
    end
    return high, low
end

-- The larger first.
local function subtract(ah, al, bh, bl)
    if al < bl then
        return ah - bh - 1, al - bl + BASE
    end
    return ah - bh, al - bl
end

-- (a * factor + c) / divisor: quotient and remainder; a full quotient if it is larger than that. The factor is below
-- 2^53, and 0 < divisor. Where the products are too large for a double: limbs of six digits, then long division, digit
-- by digit, as on paper.
local function multiply_add_divide(ah, al, factor, ch, cl, dh, dl)
    local a, c, d = ah * BASE + al, ch * BASE + cl, dh * BASE + dl
    local numerator = a * factor + c
    if numerator < EXACT and d < EXACT then
        local quotient = floor(numerator / d)
        local remainder = numerator - quotient * d
        if remainder < 0 then
            quotient, remainder = quotient - 1, remainder + d
        elseif remainder >= d then
            quotient, remainder = quotient + 1, remainder - d
        end
        return floor(quotient / BASE), quotient % BASE, floor(remainder / BASE), remainder % BASE
    end
    local function limbs(high, low)
        local rest = floor(high / 1000)
        return {low % MILLION, floor(low / MILLION) + high % 1000 * 1000, rest % MILLION, floor(rest / MILLION)}
    end
    local x, sum = limbs(ah, al), limbs(ch, cl)
    local y = {factor % MILLION, floor(factor / MILLION) % MILLION, floor(factor / 1e12)}
    for i = 5, 8 do
        sum[i] = 0
    end
    for i = 1, 4 do
        for j = 1, 3 do
            sum[i + j - 1] = sum[i + j - 1] + x[i] * y[j]
        end
    end
    for i = 1, 7 do
        sum[i + 1] = sum[i + 1] + floor(sum[i] / MILLION)
        sum[i] = sum[i] % MILLION
    end
    local qh, ql, rh, rl = 0, 0, 0, 0
    for i = 8, 1, -1 do
        for place = 5, 0, -1 do
            local low = rl * 10 + floor(sum[i] / 10 ^ place) % 10
            rh, rl = rh * 10 + floor(low / BASE), low % BASE
            local digit = 0
            while at_most(dh, dl, rh, rl) do
                rh, rl = subtract(rh, rl, dh, dl)
                digit = digit + 1
            end
            low = ql * 10 + digit
            qh, ql = qh * 10 + floor(low / BASE), low % BASE
            if qh > FULL_HIGH then
                qh = FULL_HIGH * 10
            end
        end
    end
    if not at_most(qh, ql, FULL_HIGH, FULL_LOW) then
        return FULL_HIGH, FULL_LOW, 0, 0
    end
    return qh, ql, rh, rl
end

-- ---- what is asked for ----

-- One charge: what it counts, what the charges to its key so far add up to with it, and the rule. A bucket's cost is
-- the time in which its amount flows back: microseconds, and a fraction in parts of max.
local function part(packed)
    local kind, unit, bounded, slot, ah, al, sh, sl, mh, ml, window, at = struct.unpack('<BBBHddddddd', packed)
    local cost, ch, cl, sum_cost, sum_ch, sum_cl
    if kind == BUCKET then
        cost, ch, cl, at = struct.unpack('<ddd', packed, at)
        sum_cost, sum_ch, sum_cl = cost, ch, cl
        if at <= #packed then
            sum_cost, sum_ch, sum_cl = struct.unpack('<ddd', packed, at)
        end
    end
    local edges
    if unit > IN_ZONE then
        edges = {}
        while at <= #packed do
            edges[#edges + 1], at = struct.unpack('<d', packed, at)
        end
    end
    return {
        kind = kind, unit = unit, bounded = bounded, slot = slot, window = window, edges = edges,
        ah = ah, al = al, sh = sh, sl = sl, mh = mh, ml = ml,
        cost = cost, ch = ch, cl = cl, sum_cost = sum_cost, sum_ch = sum_ch, sum_cl = sum_cl
    }
end

-- The server's time, unless a test gives another.
local function clock(given)
    if given ~= '' then
        return tonumber(given)
    end
    local time = redis.call('TIME')
    return time[1] * MILLION + time[2]
end

-- ---- windows of the calendar, in seconds ----

local DAY = 86400
local WEEK_UNIT, MONTH_UNIT = 4, 5

-- Howard Hinnant, chrono-Compatible Low-Level Date Algorithms.
local function month_of(days)
    local z = days + 719468
    local era = floor(z / 146097)
    local doe = z - era * 146097
    local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
    local month = floor((5 * doy + 2) / 153)
    return yoe + era * 400, month -- of years that begin in March
end

local function first_day(year, month)
    if month > 11 then
        year, month = year + 1, month - 12
    end
    local era = floor(year / 400)
    local yoe = year - era * 400
    return era * 146097 + yoe * 365 + floor(yoe / 4) - floor(yoe / 100) + floor((153 * month + 2) / 5) - 719468
end

local function window_around(unit, length, seconds, edges)
    if edges then
        for i = 1, #edges - 1 do
            if edges[i] <= seconds and seconds < edges[i + 1] then
                return edges[i], edges[i + 1]
            end
        end
        error('the clocks of this server and of the client differ by more than a few windows of the limit')
    end
    if unit == MONTH_UNIT then
        local year, month = month_of(floor(seconds / DAY))
        return first_day(year, month) * DAY, first_day(year, month + 1) * DAY
    end
    local offset = unit == WEEK_UNIT and 3 * DAY or 0 -- 1970 began on a Thursday
    local start = floor((seconds + offset) / length) * length - offset
    return start, start + length
end

-- ---- cells ----

-- The cell that is stored under a key: false if there is none, nil if a part of it is missing.
local function load(key, packed, now)
    if not packed then
        return false
    end
    local kind = string.byte(packed)
    if kind == BUCKET then
        local _, generation, tat, fh, fl, mh, ml, window, at = struct.unpack('<Bddddddd', packed)
        local shift, shift_h, shift_l = 0, 0, 0
        if at <= #packed then
            shift, shift_h, shift_l = struct.unpack('<ddd', packed, at)
        end
        return {
            key = key, kind = kind, generation = generation, window = window, tat = tat, fh = fh, fl = fl,
            mh = mh, ml = ml, shift = shift, shift_h = shift_h, shift_l = shift_l
        }
    elseif kind == FIXED then
        local _, generation, unit, window, start, finish, uh, ul = struct.unpack('<Bddddddd', packed)
        return {
            key = key, kind = kind, generation = generation, window = window, unit = unit, start = start,
            finish = finish, uh = uh, ul = ul
        }
    else
        local _, generation, window, count, uh, ul, head, left, last, lh, ll =
            struct.unpack('<Bdddddddddd', packed)
        local c = {
            key = key, kind = kind, generation = generation, window = window, count = count, uh = uh, ul = ul,
            head = head, left = left, last = last, lh = lh, ll = ll, gone = 0
        }
        -- Cells are strings: a list of that name is this cell's, from a version that named it so.
        if redis.call('EXISTS', key .. LOG) == 0 and redis.call('TYPE', key .. FORMER_LOG).ok == 'list' then
            redis.call('RENAME', key .. FORMER_LOG, key .. LOG)
        end
        -- What has left the window is taken out when the cell is next written.
        while c.gone < c.count and c.head + c.window <= now do
            local entries = redis.call('LRANGE', key .. LOG, c.gone, c.gone + 31)
            if #entries == 0 then
                return nil
            end
            for i = 1, #entries do
                local time, high, low = struct.unpack('<ddd', entries[i])
                c.head = time
                if time + c.window > now then
                    break
                end
                c.left = time
                c.uh, c.ul = subtract(c.uh, c.ul, high, low)
                c.gone = c.gone + 1
            end
        end
        return c
    end
end

-- The places of calls that are under way are a sorted set under the cell's key: each place by the moment at which its
-- lease ends. That moment is not part of the lease.
local function places(p, key, now)
    local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
    return {
        key = key, kind = PLACES, generation = 0, window = p.window, added = {},
        count = redis.call('ZCOUNT', key, string.format('(%.0f', now), '+inf'),
        finish = tonumber(last[2] or 0)
    }
end

-- What a place is called: after its call's record, and after the part that takes it.
local function place_of(record, part)
    return record .. ':' .. part
end

-- The cell of a part, as load answers.
local function find(p, key, packed, now)
    if p.kind == PLACES then
        return places(p, key, now)
    end
    return load(key, packed, now)
end

-- The cell of a key that nothing is known of.
local function fresh(p, key, now, generation)
    local kind, window = p.kind, p.window
    if kind == BUCKET then
        return {
            key = key, kind = kind, generation = generation, window = window, tat = now, fh = 0, fl = 0,
            mh = p.mh, ml = p.ml, shift = 0, shift_h = 0, shift_l = 0, is_new = true
        }
    elseif kind == FIXED then
        local start, finish = window_around(p.unit, window, floor(now / MILLION), p.edges)
        return {
            key = key, kind = kind, generation = generation, window = window, unit = p.unit, start = start,
            finish = finish, uh = 0, ul = 0, is_new = true, edges = p.edges
        }
    end
    return {
        key = key, kind = kind, generation = generation, window = window, count = 0, gone = 0, uh = 0, ul = 0,
        head = 0, left = 0, last = 0, lh = 0, ll = 0, is_new = true, stale_log = true
    }
end

local function counts_by(c, p)
    return c.kind == p.kind and c.window == p.window
        and (c.kind ~= BUCKET or (c.mh == p.mh and c.ml == p.ml))
        and (c.kind ~= FIXED or c.unit == p.unit)
end

-- What is used now, rounded up to a millionth.
local function used(c, now)
    if c.kind == PLACES then
        return floor(c.count / 1000), c.count % 1000 * MILLION
    end
    if c.kind == SLIDING then
        return c.uh, c.ul
    elseif c.kind == FIXED then
        if floor(now / MILLION) >= c.finish then
            return 0, 0
        end
        return c.uh, c.ul
    end
    local debt = c.tat - now
    if debt < 0 then
        return 0, 0
    end
    local high, low, rest_h, rest_l =
        multiply_add_divide(c.mh, c.ml, debt, c.fh, c.fl, floor(c.window / BASE), c.window % BASE)
    if rest_h > 0 or rest_l > 0 then
        return add(high, low, 0, 1)
    end
    return high, low
end

-- Counts an amount, be there room or not. A bucket wants its cost as well.
local function take(c, now, high, low, cost, cost_h, cost_l)
    if c.kind == BUCKET then
        if c.tat < now then
            c.tat, c.fh, c.fl = now, 0, 0
        end
        c.tat = c.tat + cost
        c.fh, c.fl = add(c.fh, c.fl, cost_h, cost_l)
        if at_most(c.mh, c.ml, c.fh, c.fl) then
            c.fh, c.fl = subtract(c.fh, c.fl, c.mh, c.ml)
            c.tat = c.tat + 1
        end
        if c.tat - now > LONGEST_DEBT then
            c.tat, c.fh, c.fl = now + LONGEST_DEBT, 0, 0
        end
    elseif c.kind == FIXED then
        if floor(now / MILLION) >= c.finish then
            c.start, c.finish = window_around(c.unit, c.window, floor(now / MILLION), c.edges)
            c.uh, c.ul = 0, 0
        end
        c.uh, c.ul = add(c.uh, c.ul, high, low)
    elseif c.kind == PLACES then
        c.count = c.count + 1
        c.finish = math.max(c.finish, now + c.window)
    else
        c.uh, c.ul = add_to_sum(c.uh, c.ul, high, low)
        local slice = math.max(1, math.ceil(c.window / SLICES))
        if c.count > c.gone and c.last >= now then
            c.lh, c.ll = add_to_sum(c.lh, c.ll, high, low)
        elseif c.count - c.gone >= ENTRIES and floor(c.last / slice) == floor(now / slice) then
            -- Into the latest of the slice: released late, by a slice at most, and never early.
            c.last = now
            c.lh, c.ll = add_to_sum(c.lh, c.ll, high, low)
            if c.count - c.gone == 1 then
                c.head = now
            end
        else
            if c.count == c.gone then
                c.head = now
            end
            c.last, c.lh, c.ll = now, high, low
            c.count = c.count + 1
            c.push = true
        end
    end
end

-- The cell that goes on by another rule from where this one stands: what is used now counts as used just now.
local function carry(c, p, now)
    local next = fresh(p, c.key, now, math.max(now, c.generation + 1))
    next.stale_log = p.kind == SLIDING or c.kind == SLIDING
    local high, low = used(c, now)
    if high > 0 or low > 0 then
        local cost, cost_h, cost_l = 0, 0, 0
        if p.kind == BUCKET then
            local mh, ml = p.mh, p.ml
            if mh == 0 and ml == 0 then
                ml = 1
            end
            local qh, ql
            qh, ql, cost_h, cost_l = multiply_add_divide(high, low, p.window, 0, 0, mh, ml)
            cost = qh * BASE + ql
            if cost > LONGEST_DEBT then
                cost, cost_h, cost_l = LONGEST_DEBT, 0, 0
            end
        end
        take(next, now, high, low, cost, cost_h, cost_l)
    end
    return next
end

-- How long until there is room for what the part asks for in all: 0 if there is now, NEVER if there never will be.
local function wait_for(c, p, now)
    if not is_checked(p.bounded) then
        return 0
    end
    if not at_most(p.sh, p.sl, p.mh, p.ml) then
        return NEVER
    end
    if c.kind == BUCKET then
        local wait, fh, fl = p.sum_cost - p.window, p.sum_ch, p.sum_cl
        if c.tat >= now then
            wait = wait + c.tat - now
            fh, fl = add(fh, fl, c.fh, c.fl)
        end
        if at_most(p.mh, p.ml, fh, fl) then
            fh, fl = subtract(fh, fl, p.mh, p.ml)
            wait = wait + 1
        end
        if fh > 0 or fl > 0 then
            wait = wait + 1
        end
        return math.max(0, wait)
    end
    local room_h, room_l = subtract(p.mh, p.ml, p.sh, p.sl)
    local high, low = used(c, now)
    if at_most(high, low, room_h, room_l) then
        return 0
    end
    if c.kind == FIXED then
        return c.finish * MILLION - now
    end
    if c.kind == PLACES then
        return 1 -- No clock says when a call ends.
    end
    if c.is_new then
        return c.last + c.window - now
    end
    local index = c.gone
    while index < c.count do
        local entries = redis.call('LRANGE', c.key .. LOG, index, index + 63)
        if #entries == 0 then
            return nil
        end
        for i = 1, #entries do
            local time, eh, el = struct.unpack('<ddd', entries[i])
            high, low = subtract(high, low, eh, el)
            if at_most(high, low, room_h, room_l) then
                return time + c.window - now
            end
        end
        index = index + #entries
    end
    return nil
end

-- When a cell is as good as a fresh one.
local function finish_of(c)
    if c.kind == BUCKET then
        return c.tat + 1
    elseif c.kind == FIXED then
        return c.finish * MILLION
    elseif c.kind == PLACES then
        return c.finish
    end
    return c.last + c.window
end

-- Writes a cell back. It lives for as long as it differs from a fresh one, and for the tolerance besides: a clock that
-- steps back by less still finds it.
local function store(c, now, tolerance)
    local packed
    local ttl = math.max(1, math.ceil((finish_of(c) - now) / 1000)) + tolerance
    if c.kind == PLACES then
        for i = 1, #c.added do
            redis.call('ZADD', c.key, string.format('%.0f', now + c.window), c.added[i])
        end
        redis.call('ZREMRANGEBYSCORE', c.key, '-inf', string.format('%.0f', now))
        redis.call('PEXPIRE', c.key, string.format('%.0f', ttl))
        return
    end
    if c.kind == BUCKET then
        packed = struct.pack('<Bddddddd', BUCKET, c.generation, c.tat, c.fh, c.fl, c.mh, c.ml, c.window)
        if c.shift > 0 or c.shift_h > 0 or c.shift_l > 0 then
            packed = packed .. struct.pack('<ddd', c.shift, c.shift_h, c.shift_l)
        end
    elseif c.kind == FIXED then
        packed = struct.pack('<Bddddddd', FIXED, c.generation, c.unit, c.window, c.start, c.finish, c.uh, c.ul)
    else
        packed = struct.pack('<Bdddddddddd', SLIDING, c.generation, c.window, c.count - c.gone, c.uh, c.ul, c.head,
            c.left, c.last, c.lh, c.ll)
    end
    redis.call('SET', c.key, packed, 'PX', ttl)
    if c.stale_log then
        redis.call('DEL', c.key .. LOG)
    end
    if c.kind == SLIDING then
        local log = c.key .. LOG
        if c.gone > 0 then
            redis.call('LPOP', log, c.gone)
        end
        local entry = struct.pack('<ddd', c.last, c.lh, c.ll)
        if c.push then
            redis.call('RPUSH', log, entry)
        elseif c.count > c.gone then
            redis.call('LSET', log, -1, entry)
        end
        redis.call('PEXPIRE', log, ttl)
    end
end
