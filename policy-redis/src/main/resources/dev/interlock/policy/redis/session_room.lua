-- Keeps room for what a call may put on its session.
--
-- KEYS: the session; the moment of the last change of any; the record of this room; the values that have room; the sets
-- of sessions of its caller and of all. ARGV[2] has also for how long the room is kept, in milliseconds, how many
-- sessions there may be, and 1 if it is only asked whether there is room. ARGV[3] is the session's name. Then for each
-- value its mark and itself.

local _, _, lease, most, only_asked = struct.unpack('<ddddd', ARGV[2])
local record = redis.call('GET', KEYS[3])
if record == 'done' then
    return 'C'
elseif record then
    return 'K'
end
prune()
local marks, names = {}, {}
for i = 4, #ARGV, 2 do
    local mark = ARGV[i]
    marks[mark] = marks[mark] or {}
    local name = value_name(mark, ARGV[i + 1])
    table.insert(marks[mark], name)
    table.insert(names, name)
end
for mark, values in pairs(marks) do
    if not fit(KEYS[4], mark, values) then
        return 'V'
    end
end
if not exists and not has_place(KEYS[5], KEYS[6], most) then
    return 'S'
end
if only_asked == 1 then
    return 'K'
end
if rooms > 0 and until_when <= now then
    rooms = 0
end
rooms, until_when = rooms + 1, math.max(until_when, now + lease * 1000)
if not exists then
    holder, all = KEYS[5], KEYS[6]
    redis.call('HSET', M, '.session', ARGV[3], '.last', digits(now), '.holder', holder, '.all', all)
end
redis.call('HSET', M, '.seen', digits(now), '.rooms', digits(rooms), '.until', digits(until_when))
if #names > 0 then
    local room = string.match(KEYS[3], 'room:(.*)$')
    redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', digits(now))
    for i = 1, #names do
        redis.call('ZADD', KEYS[4], digits(now + lease * 1000), room .. ' ' .. names[i])
    end
    redis.call('PEXPIRE', KEYS[4], digits(lease + tolerance))
end
redis.call('SET', KEYS[3], 'open,', 'PX', digits(lease))
keep()
return 'K'
