-- How the cells stand. Changes nothing.
--
-- KEYS: the cells, each once. ARGV: the time or nothing; then a part for each charge, whose amount may be nothing. The
-- answer has for each part what is used by the rule that is stored and by the one that is asked about, and the wait.

local function at_most_full(high, low)
    if at_most(high, low, FULL_HIGH, FULL_LOW) then
        return high, low
    end
    return FULL_HIGH, FULL_LOW
end

local now = clock(ARGV[1])
local stored = redis.call('MGET', unpack(KEYS))
local answers, cells = {}, {}
for i = 1, #ARGV - 1 do
    local p = part(ARGV[i + 1])
    local c = cells[p.slot]
    if c == nil then
        c = find(p, KEYS[p.slot], stored[p.slot], now)
        if c == nil then
            return ''
        end
        c = c or fresh(p, KEYS[p.slot], now, now)
        cells[p.slot] = c
    end
    local target = counts_by(c, p) and c or carry(c, p, now)
    local shown_h, shown_l = at_most_full(used(c, now))
    local over = shown_l % MILLION
    if c.kind == BUCKET and over > 0 then
        shown_h, shown_l = add(shown_h, shown_l, 0, MILLION - over)
    end
    local used_h, used_l = at_most_full(used(target, now))
    local wait = 0
    if p.bounded >= FAILURES or p.ah > 0 or p.al > 0 then
        wait = wait_for(target, p, now)
        if wait == nil then
            return ''
        end
    end
    answers[i] = struct.pack('<ddddd', shown_h, shown_l, used_h, used_l, wait)
end
return table.concat(answers)
