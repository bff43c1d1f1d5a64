-- Takes all marks from a session, because a person says so. KEYS: the session, and the record of this request. The
-- answer is 1 if there were any. ARGV[2] has also for how long the record stays, in milliseconds.

local _, _, lease = struct.unpack('<ddd', ARGV[2])
local done = redis.call('GET', KEYS[2])
if done then
    return done
end
prune()
local had = exists and has_marks()
if had then
    rewrite(function()
        return false
    end)
    keep()
end
redis.call('SET', KEYS[2], had and '1' or '0', 'PX', digits(lease))
return had and '1' or '0'
