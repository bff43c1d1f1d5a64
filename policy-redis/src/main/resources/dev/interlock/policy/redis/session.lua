-- What a session has seen. The scripts of sessions begin with this text, after fields.lua.
--
-- KEYS[1] is a hash with these fields, all of them text:
--   n:<mark>                   whether it has values (1 or 0), how many, and how long it was set without one
--   u:<mark>                   how long its values can't be told
--   v:<bytes of mark>:<mark>:<value>   the value's place among the mark's values, and how long it stays
--   .session .holder .all      the session's name, and the sets in which it is counted
--   .seen .last .moment        the highest time that was seen here, the last call, the last change
--   .first .latest .idle       when the first and the last part with an end of its own ends; whether one has none
--   .rooms .until .counted .order  rooms that are open, until when, until when it is counted, places given so far
--
-- How long: for each time that it was set and that still matters, the moment of the change, an @, and when it ends, or
-- a - if that is when the session idles. Newest first. Times are in microseconds since 1970 by the server's clock; for
-- a session it never goes back.
--
-- ARGV[1] is the time or nothing. ARGV[2] begins with how long idling takes, in microseconds, and how much longer than
-- needed a session is kept, in milliseconds.

local M = KEYS[1]
local MOST = 1000
local NEVER = math.huge

local idling, tolerance = struct.unpack('<dd', ARGV[2])
local head = redis.call('HMGET', M, '.seen', '.last', '.moment', '.first', '.latest', '.idle', '.rooms', '.until',
    '.counted', '.holder', '.all')

local function number(text, otherwise)
    return text and tonumber(text) or otherwise
end

local exists = head[1] ~= false
local now = math.max(server_time(ARGV[1]), number(head[1], 0))
local last, moment = number(head[2], now), number(head[3], 0)
local first, latest, idle = number(head[4], NEVER), number(head[5], 0), head[6] == '1'
local rooms, until_when, counted = number(head[7], 0), number(head[8], 0), number(head[9], 0)
local holder, all = head[10], head[11]

-- ---- how long ----

local function parts_of(text)
    local parts = {}
    for set, finish in string.gmatch(text, '(%d+)@([%d%-]+)') do
        parts[#parts + 1] = {tonumber(set), finish == '-' and NEVER or tonumber(finish)}
    end
    return parts
end

local function text_of(parts)
    local out = {}
    for i = 1, #parts do
        out[i] = digits(parts[i][1]) .. '@' .. (parts[i][2] == NEVER and '-' or digits(parts[i][2]))
    end
    return table.concat(out, ' ')
end

-- A part matters no more once a newer one ends no earlier. Parts that end with idling and others can't be compared.
local function extended(parts, set, finish)
    local out = {{set, finish}}
    for i = 1, #parts do
        local former = parts[i][2]
        if finish == NEVER and former ~= NEVER or finish ~= NEVER and former > finish then
            out[#out + 1] = parts[i]
        end
    end
    return out
end

local function filtered(parts, stays)
    local out = {}
    for i = 1, #parts do
        if stays(parts[i]) then
            out[#out + 1] = parts[i]
        end
    end
    return out
end

local function track(parts)
    for i = 1, #parts do
        local finish = parts[i][2]
        if finish == NEVER then
            idle = true
        else
            first, latest = math.min(first, finish), math.max(latest, finish)
        end
    end
end

local function note_ends()
    redis.call('HSET', M, '.seen', digits(now), '.latest', digits(latest), '.idle', idle and '1' or '0')
    if first == NEVER then
        redis.call('HDEL', M, '.first')
    else
        redis.call('HSET', M, '.first', digits(first))
    end
end

local function name_field(text)
    local valued, count, parts = string.match(text, '^(%d) (%d+) ?(.*)$')
    return valued == '1', tonumber(count), parts_of(parts)
end

-- Looks at all there is of marks, and leaves of each part what stays: of a mark's name and a part.
local function rewrite(stays)
    local fields = redis.call('HGETALL', M)
    local names, counts, known = {}, {}, {}
    first, latest, idle = NEVER, 0, false
    local function left(mark, text)
        local before = parts_of(text)
        local parts = filtered(before, function(part)
            return stays(mark, part)
        end)
        track(parts)
        return parts, #parts ~= #before
    end
    for i = 1, #fields, 2 do
        local field, text = fields[i], fields[i + 1]
        local kind = string.sub(field, 1, 2)
        if kind == 'v:' then
            local length, at = string.match(field, '^v:(%d+):()')
            local mark = string.sub(field, at, at + length - 1)
            local place, lifetime = string.match(text, '^(%d+) (.*)$')
            local parts, changed = left(mark, lifetime)
            if #parts == 0 then
                redis.call('HDEL', M, field)
            else
                counts[mark] = (counts[mark] or 0) + 1
                if changed then
                    redis.call('HSET', M, field, place .. ' ' .. text_of(parts))
                end
            end
        elseif kind == 'u:' then
            local mark = string.sub(field, 3)
            local parts, changed = left(mark, text)
            if #parts == 0 then
                redis.call('HDEL', M, field)
            else
                known[mark] = true
                if changed then
                    redis.call('HSET', M, field, text_of(parts))
                end
            end
        elseif kind == 'n:' then
            names[string.sub(field, 3)] = text
        end
    end
    for mark, text in pairs(names) do
        local valued, _, before = name_field(text)
        local parts = filtered(before, function(part)
            return stays(mark, part)
        end)
        track(parts)
        local count = counts[mark] or 0
        if #parts == 0 and count == 0 and not known[mark] then
            redis.call('HDEL', M, 'n:' .. mark)
        else
            redis.call('HSET', M, 'n:' .. mark, (valued and 1 or 0) .. ' ' .. count .. ' ' .. text_of(parts))
        end
    end
    note_ends()
end

-- Takes away what has lapsed, if anything has. So it never comes back, whatever the clock does.
local function prune()
    local has_idled = now - last >= idling
    if not exists or now < first and not (idle and has_idled) then
        return false
    end
    rewrite(function(_, part)
        if part[2] == NEVER then
            return not has_idled
        end
        return part[2] > now
    end)
    return true
end

local function has_marks()
    return idle or latest > now
end

-- ---- how many sessions ----

local GRAIN = 60000
local CALLERS = 8
local TAKEN_OUT = 16
local millis = floor(now / 1000)

-- Of a length that does not depend on what a session is called.
local function member()
    return string.sub(redis.sha1hex(M), 1, 20)
end

local function size_of(set)
    return redis.call('ZCOUNT', set, string.format('(%d', millis), '+inf')
end

local function is_new_in(set)
    local score = redis.call('ZSCORE', set, member())
    return not score or tonumber(score) <= millis
end

-- A caller may have one more session while it has fewer than a part of those that there is room for.
local function has_place(of_caller, of_all, most)
    local room = most - size_of(of_all)
    return (room >= 1 or not is_new_in(of_all))
        and (size_of(of_caller) < math.max(1, floor(room / CALLERS)) or not is_new_in(of_caller))
end

local function note(set, score)
    redis.call('ZADD', set, score, member())
    local ended = redis.call('ZRANGEBYSCORE', set, '-inf', millis, 'LIMIT', 0, TAKEN_OUT)
    if #ended > 0 then
        redis.call('ZREM', set, unpack(ended))
    end
    local final = redis.call('ZRANGE', set, -1, -1, 'WITHSCORES')
    redis.call('PEXPIRE', set, math.max(1, tonumber(final[2]) - millis))
end

-- Keeps the session for as long as there is anything in it, and for the tolerance, or forgets it.
local function keep()
    local open = rooms > 0 and until_when > now
    if not has_marks() and not open then
        redis.call('DEL', M)
        if holder then
            redis.call('ZREM', holder, member())
            redis.call('ZREM', all, member())
        end
        return
    end
    local finish = math.max(latest, idle and last + idling or 0, open and until_when or 0)
    local ttl = math.max(1, math.ceil((finish - now) / 1000)) + tolerance
    redis.call('PEXPIRE', M, digits(ttl))
    local score = math.ceil((millis + ttl) / GRAIN) * GRAIN
    if score > counted and holder then
        note(holder, score)
        note(all, score)
        redis.call('HSET', M, '.counted', digits(score))
    end
end

-- ---- room ----

-- How a value is called: with its mark, in the hash as in the set of values that have room.
local function value_name(mark, value)
    return #mark .. ':' .. mark .. ':' .. value
end

-- What has room among all sessions' calls, of one mark.
local function reserved(set, mark)
    local out = {}
    local start = #mark .. ':' .. mark .. ':'
    local members = redis.call('ZRANGEBYSCORE', set, string.format('(%.0f', now), '+inf')
    for i = 1, #members do
        local name = string.sub(members[i], string.find(members[i], ' ', 1, true) + 1)
        if string.sub(name, 1, #start) == start then
            out[#out + 1] = name
        end
    end
    return out
end

-- Whether a mark has few enough values, with those that have room and with these besides.
local function fit(set, mark, names)
    local text = redis.call('HGET', M, 'n:' .. mark)
    local count = 0
    if text then
        local _
        _, count = name_field(text)
    end
    local others = set and reserved(set, mark) or {}
    if count + #others + #names <= MOST then
        return true
    end
    local more = {}
    local function consider(list)
        for i = 1, #list do
            if not more[list[i]] and redis.call('HEXISTS', M, 'v:' .. list[i]) == 0 then
                more[list[i]] = true
                count = count + 1
            end
        end
    end
    consider(others)
    consider(names)
    return count <= MOST
end
