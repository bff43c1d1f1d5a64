-- Lets the leases of a call's places begin at another moment than they did.
--
-- KEYS: as they were reserved. ARGV: the time or nothing; tolerance in milliseconds, and in how many microseconds the
-- leases begin. A lease that has ended stays ended.

local tolerance, wait = struct.unpack('<dd', ARGV[2])
local record = redis.call('GET', KEYS[1])
if not record or record == 'C' then
    return 0
end
local now = clock(ARGV[1])
local longest, at = 0, 9
while at <= #record do
    local kind, slot, lease, part
    kind, slot, lease, at = struct.unpack('<BHd', record, at)
    if kind == BUCKET then
        at = at + 72
    else
        part = struct.unpack('<d', record, at + 8)
        at = at + 24
    end
    if kind == PLACES then
        local key, place = KEYS[slot], place_of(KEYS[1], part)
        local ends = redis.call('ZSCORE', key, place)
        if ends and tonumber(ends) > now then
            redis.call('ZADD', key, string.format('%.0f', now + wait + lease), place)
            local c = places({window = lease}, key, now)
            store(c, now, tolerance)
            longest = math.max(longest, wait + lease)
        end
    end
end
local ttl = math.ceil(longest / 1000) + tolerance
if longest > 0 and redis.call('PTTL', KEYS[1]) < ttl then
    redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ttl))
end
return 1
