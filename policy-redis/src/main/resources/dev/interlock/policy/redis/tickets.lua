-- Tickets. KEYS: the sorted set of their ids by when they expire; a hash of sums; the record of this request, if it
-- changes anything. All are in one slot, and so are the keys that are made up here: a hash for each ticket, and for
-- each binding the id of the ticket that is not used.
--
-- The sums: how many bytes there are, how many bytes (b:) and how many pending tickets (p:) each holder has, and for
-- each ticket (i:) what its removal takes away from them. And the highest time that was seen here, .seen.
--
-- Times are in microseconds since 1970. ARGV: the time or nothing; for how long the record stays, and how much longer
-- than needed a ticket is kept, in milliseconds; what is to be done; then what that needs.

local TICKETS, SUMS, RECORD = KEYS[1], KEYS[2], KEYS[3]
local START = string.sub(TICKETS, 1, -2)
local stays, tolerance, command = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

local now = math.max(server_time(ARGV[1]), tonumber(redis.call('HGET', SUMS, '.seen') or 0))

local function ticket(id)
    return START .. ':' .. id
end

local function binding_key(binding)
    return START .. '-for:' .. binding
end

local function sum(field, more)
    local left = tonumber(redis.call('HGET', SUMS, field) or 0) + more
    if left == 0 then
        redis.call('HDEL', SUMS, field)
    else
        redis.call('HSET', SUMS, field, digits(left))
    end
end

local function account(id)
    local entry = redis.call('HGET', SUMS, 'i:' .. id)
    if not entry then
        return nil
    end
    local pending, bytes, length, at = struct.unpack('<BdI4', entry)
    return pending, bytes, string.sub(entry, at, at + length - 1), string.sub(entry, at + length)
end

local function write_account(id, pending, bytes, binding, holder)
    redis.call('HSET', SUMS, 'i:' .. id, struct.pack('<BdI4', pending, bytes, #binding) .. binding .. holder)
end

local function remove(id)
    local pending, bytes, binding, holder = account(id)
    redis.call('ZREM', TICKETS, id)
    redis.call('DEL', ticket(id))
    if not pending then
        return
    end
    redis.call('HDEL', SUMS, 'i:' .. id)
    sum('bytes', -bytes)
    sum('b:' .. holder, -bytes)
    sum('p:' .. holder, -pending)
    if redis.call('GET', binding_key(binding)) == id then
        redis.call('DEL', binding_key(binding))
    end
end

-- What has expired goes, so that it never comes back, whatever the clock does.
local function sweep()
    while true do
        local ended = redis.call('ZRANGEBYSCORE', TICKETS, '-inf', digits(now), 'LIMIT', 0, 100)
        if #ended == 0 then
            return
        end
        redis.call('HSET', SUMS, '.seen', digits(now))
        for i = 1, #ended do
            remove(ended[i])
        end
    end
end

local function last_until(id, binding, finish)
    local ttl = digits(math.max(1, math.ceil((finish - now) / 1000)) + tolerance)
    redis.call('ZADD', TICKETS, digits(finish), id)
    redis.call('HSET', ticket(id), 'expires', digits(finish))
    redis.call('PEXPIRE', ticket(id), ttl)
    if binding then
        redis.call('PEXPIRE', binding_key(binding), ttl)
    end
    redis.call('HSET', SUMS, '.seen', digits(now))
    local final = redis.call('ZRANGE', TICKETS, -1, -1, 'WITHSCORES')
    local longest = digits(math.max(1, math.ceil((tonumber(final[2]) - now) / 1000)) + 2 * tolerance)
    redis.call('PEXPIRE', TICKETS, longest)
    redis.call('PEXPIRE', SUMS, longest)
end

local function put(out, id)
    local f = redis.call('HMGET', ticket(id), 'state', 'opened', 'expires', 'by', 'reason', 'arguments', 'request')
    if not f[1] then
        return false
    end
    local at = #out
    out[at + 1], out[at + 2], out[at + 3], out[at + 4] = id, f[1], f[2], digits(tonumber(f[3]) - now)
    out[at + 5], out[at + 6], out[at + 7], out[at + 8] = f[4], f[5], f[6], f[7]
    return true
end

local function answer(kind, id)
    local out = {kind}
    return put(out, id) and packed(out) or packed({'C'})
end

local function give_back(id)
    local _, _, binding = account(id)
    if binding and redis.call('HGET', ticket(id), 'used') == '1' then
        if redis.call('EXISTS', binding_key(binding)) == 1 then
            remove(id)
        else
            redis.call('HSET', ticket(id), 'used', '0')
            redis.call('SET', binding_key(binding), id, 'PX', math.max(1, redis.call('PTTL', ticket(id))))
        end
    end
end

local function record(text)
    redis.call('SET', RECORD, text, 'PX', stays)
    return text
end

if command == 'read' then
    -- The tickets with these ids; without one, all: fifty of them, and the ids of the others after an empty one.
    sweep()
    local out, ids, whole = {}, {}, #ARGV == 4
    for i = 5, #ARGV do
        ids[#ids + 1] = ARGV[i]
    end
    if whole then
        ids = redis.call('ZRANGE', TICKETS, 0, -1)
    end
    local rest = {}
    for i = 1, #ids do
        if i > 50 then
            rest[#rest + 1] = ids[i]
        elseif redis.call('ZSCORE', TICKETS, ids[i]) and redis.call('HGET', ticket(ids[i]), 'used') == '0' then
            put(out, ids[i])
        end
    end
    local shown = #out
    for i = 1, #rest do
        out[shown + i] = rest[i]
    end
    table.insert(out, 1, digits(shown))
    return packed(out)
end

local done = redis.call('GET', RECORD)

if command == 'claim' then
    local id, binding, holder, request = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
    local bytes, lasting = tonumber(ARGV[9]), tonumber(ARGV[10])
    local most, most_pending, most_bytes, most_of_holder =
        tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
    if done == 'C' then
        return packed({'C'})
    elseif done then
        return answer(string.sub(done, 1, 1) == 'O' and 'O' or 'F', string.sub(done, 2))
    end
    sweep()
    local known = redis.call('GET', binding_key(binding))
    if known then
        if redis.call('HGET', ticket(known), 'state') == 'approved' then
            redis.call('HSET', ticket(known), 'used', '1')
            redis.call('DEL', binding_key(binding))
            record('U' .. known)
        end
        return answer('F', known)
    end
    if account(id) then
        return packed({'D'})
    end
    local function held(field)
        return tonumber(redis.call('HGET', SUMS, field) or 0)
    end
    if held('p:' .. holder) >= most_pending then
        return packed({'P'})
    elseif held('b:' .. holder) + bytes > most_of_holder then
        return packed({'B'})
    elseif redis.call('ZCARD', TICKETS) >= most or held('bytes') + bytes > most_bytes then
        return packed({'T'})
    end
    redis.call('HSET', ticket(id), 'state', 'pending', 'used', '0', 'opened', digits(now), 'lasting', digits(lasting),
        'holder', holder, 'request', request)
    redis.call('SET', binding_key(binding), id)
    write_account(id, 1, bytes, binding, holder)
    sum('bytes', bytes)
    sum('b:' .. holder, bytes)
    sum('p:' .. holder, 1)
    last_until(id, binding, now + lasting)
    record('O' .. id)
    return answer('O', id)
end

if command == 'cancel' then
    -- A claim whose answer was late or lost. A ticket that it opened stays: the same call finds it.
    if done ~= 'C' then
        sweep()
        if done and string.sub(done, 1, 1) == 'U' then
            give_back(string.sub(done, 2))
        end
        record('C')
    end
    return packed({'C'})
end

if done then
    return packed({done})
end
sweep()
local id = ARGV[5]
local pending, bytes, binding, holder = account(id)
local is_used = redis.call('HGET', ticket(id), 'used') == '1'
if command == 'give back' then
    give_back(id)
    return packed({record('1')})
elseif command == 'remove' then
    if not pending or is_used then
        return packed({record('0')})
    end
    remove(id)
    return packed({record('1')})
end

-- An answer: its state, and by whom, why and with which arguments, each only if there is one.
if not pending then
    return packed({record('UNKNOWN')})
elseif pending == 0 or is_used then
    return packed({record('ALREADY_ANSWERED')})
end
-- Not refused when the memory is full, and then nothing that follows is: a person can still answer.
redis.call('PEXPIRE', ticket(id), math.max(1, redis.call('PTTL', ticket(id))))
redis.call('HSET', ticket(id), 'state', ARGV[6])
for i = 7, #ARGV, 2 do
    redis.call('HSET', ticket(id), ARGV[i], ARGV[i + 1])
end
write_account(id, 0, bytes, binding, holder)
sum('p:' .. holder, -1)
last_until(id, binding, now + tonumber(redis.call('HGET', ticket(id), 'lasting')))
return packed({record('ACCEPTED')})
