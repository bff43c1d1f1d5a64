-- The rest of the script that reserve_simple.lua begins: what is asked for in full generality.

local parts, cells = {}, {}
for i = 1, #ARGV - 2 do
    local p = part(ARGV[i + 2])
    parts[i] = p
    local c = cells[p.slot]
    if c == nil then
        c = load(KEYS[p.slot], stored[p.slot], now)
        if c == nil then
            return struct.pack('<BH', DAMAGED, i - 1)
        end
        c = c or fresh(p, KEYS[p.slot], now, now)
        cells[p.slot] = c
    end
    local wait = wait_for(counts_by(c, p) and c or carry(c, p, now), p, now)
    if wait == nil then
        return struct.pack('<BH', DAMAGED, i - 1)
    elseif wait ~= 0 then
        return struct.pack('<BHd', REFUSED, i - 1, wait)
    end
end

local function change(p)
    local c = cells[p.slot]
    if not counts_by(c, p) then
        c = carry(c, p, now)
        cells[p.slot] = c
    end
    return c
end

-- First the changes, so that all that is taken of a key is taken of the cell that stays.
for i = 1, #parts do
    change(parts[i])
end
local taken = {struct.pack('<d', sign)}
for i = 1, #parts do
    local p = parts[i]
    local c = change(p)
    take(c, now, p.ah, p.al, p.cost, p.ch, p.cl)
    local packed
    if c.kind == BUCKET then
        packed = struct.pack('<BHdddddddddd', BUCKET, p.slot, c.generation, c.tat, c.fh, c.fl, p.cost, p.ch, p.cl,
            c.shift, c.shift_h, c.shift_l)
    else
        packed = struct.pack('<BHdddd', c.kind, p.slot, c.generation, c.kind == FIXED and c.start or c.last, p.ah, p.al)
    end
    taken[i + 1] = packed
end
for _, c in pairs(cells) do
    store(c, now, tolerance)
end
redis.call('SET', KEYS[1], table.concat(taken), 'PX', lease)
return struct.pack('B', GRANTED)
