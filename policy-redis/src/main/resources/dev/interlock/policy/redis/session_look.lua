-- A session's marks. ARGV[3] is call, for a call of the session, or read. The answer is nothing if nothing is known of
-- it, else the time and all fields of the hash.

if not exists then
    return ''
end
local pruned = prune()
if ARGV[3] == 'call' then
    last = math.max(last, now)
    redis.call('HSET', M, '.seen', digits(now), '.last', digits(last))
    keep()
elseif pruned then
    keep()
end
local fields = redis.call('HGETALL', M)
table.insert(fields, 1, digits(now))
return packed(fields)
