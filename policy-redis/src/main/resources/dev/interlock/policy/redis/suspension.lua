-- Whether calls are suspended. KEYS: the suspension, a hash that stays until it is deleted, and the record of this
-- request, if it changes anything. ARGV: what is to be done; for how long the record stays, in milliseconds; and for a
-- suspension its reason, when, and by whom if that is known. The answer is what was in force before.

local done = KEYS[2] and redis.call('GET', KEYS[2])
if done then
    return done
end
local f = redis.call('HMGET', KEYS[1], 'reason', 'since', 'by')
local was = f[2] and packed({f[1], f[2], f[3]}) or ''
if ARGV[1] == 'suspend' then
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'reason', ARGV[3], 'since', ARGV[4])
    if ARGV[5] then
        redis.call('HSET', KEYS[1], 'by', ARGV[5])
    end
elseif ARGV[1] == 'resume' then
    redis.call('DEL', KEYS[1])
end
if KEYS[2] then
    redis.call('SET', KEYS[2], was, 'PX', ARGV[2])
end
return was
