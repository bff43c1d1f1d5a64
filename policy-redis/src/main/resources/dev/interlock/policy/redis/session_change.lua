-- Changes the marks of a session, once.
--
-- KEYS: as for a room; without a room, only the first two. ARGV[2] has also for how long the record of the room stays,
-- in milliseconds; up to which moment is cleared; which change by its room this is; and 1 if it is the last. ARGV[3] is
-- the session's name. Then the number of marks to clear, and they; the number of marks to set, and for each: its name;
-- p for one without values, v for values, u for values that are not known, l for some that are too long; how long it
-- lasts in microseconds, or nothing; the number of its values, and they. Then, if it is the last change, the marks and
-- values that had room.

local _, _, lease, before, turn, is_last = struct.unpack('<dddddd', ARGV[2])
local has_room = #KEYS > 2
local record = has_room and redis.call('GET', KEYS[3])
if record == 'done' or record and string.find(record, ',' .. digits(turn) .. ',', 1, true) then
    return 'D'
end
if record then
    -- A script that has written may go on writing when the memory is full: what has room is set even then.
    redis.call('PEXPIRE', KEYS[3], digits(lease))
end
prune()

local at = 3
local function take()
    at = at + 1
    return ARGV[at]
end

local cleared, clears = {}, tonumber(take())
for _ = 1, clears do
    cleared[take()] = true
end

local function set(mark, kind, lasting, values)
    local finish = lasting == '' and NEVER or now + tonumber(lasting)
    if finish <= now then
        return
    end
    local text = redis.call('HGET', M, 'n:' .. mark)
    local valued, count, parts = false, 0, {}
    if text then
        valued, count, parts = name_field(text)
    end
    local function not_known()
        local former = redis.call('HGET', M, 'u:' .. mark)
        redis.call('HSET', M, 'u:' .. mark, text_of(extended(former and parts_of(former) or {}, moment, finish)))
    end
    if #values == 0 or kind == 'u' then
        valued = valued or kind ~= 'p'
        parts = extended(parts, moment, finish)
        if kind == 'u' then
            not_known()
        end
    else
        valued = true
        local names = {}
        for i = 1, #values do
            names[i] = value_name(mark, values[i])
        end
        if kind == 'l' or not fit(KEYS[4], mark, names) then
            not_known()
        else
            for i = 1, #names do
                local former = redis.call('HGET', M, 'v:' .. names[i])
                local place, lifetime
                if former then
                    place, lifetime = string.match(former, '^(%d+) (.*)$')
                else
                    place, lifetime = redis.call('HINCRBY', M, '.order', 1), ''
                    count = count + 1
                end
                local stays = text_of(extended(parts_of(lifetime), moment, finish))
                redis.call('HSET', M, 'v:' .. names[i], place .. ' ' .. stays)
            end
        end
    end
    redis.call('HSET', M, 'n:' .. mark, (valued and 1 or 0) .. ' ' .. count .. ' ' .. text_of(parts))
    track({{moment, finish}})
end

local marks = tonumber(take())
if marks > 0 or clears > 0 and exists then
    last = math.max(last, now)
    moment = math.max(now, number(redis.call('GET', KEYS[2]), 0) + 1)
    if not exists and has_room then
        holder, all = KEYS[5], KEYS[6]
        redis.call('HSET', M, '.session', ARGV[3], '.holder', holder, '.all', all)
    end
    redis.call('HSET', M, '.seen', digits(now), '.last', digits(last), '.moment', digits(moment))
    redis.call('SET', KEYS[2], digits(moment), 'PX', digits(tolerance + 60000))
    if clears > 0 and exists then
        rewrite(function(mark, part)
            return not cleared[mark] or part[1] > before
        end)
    end
    for _ = 1, marks do
        local mark, kind, lasting, values = take(), take(), take(), {}
        for i = 1, tonumber(take()) do
            values[i] = take()
        end
        set(mark, kind, lasting, values)
    end
    note_ends()
    exists = true
end
if has_room then
    if is_last == 1 then
        local room = string.match(KEYS[3], 'room:(.*)$')
        while at < #ARGV do
            local mark, value = take(), take()
            redis.call('ZREM', KEYS[4], room .. ' ' .. value_name(mark, value))
        end
        if record then
            rooms = math.max(0, rooms - 1)
            if exists then
                redis.call('HSET', M, '.rooms', digits(rooms))
            end
        end
        -- For as long as the request may come again. If it comes later, its marks last longer, and none is lost.
        redis.call('SET', KEYS[3], 'done', 'PX', digits(math.min(lease, 60000)))
    else
        redis.call('SET', KEYS[3], (record or 'open,') .. digits(turn) .. ',', 'PX', digits(lease))
    end
end
if exists then
    keep()
end
return 'D'
