-- What the scripts of sessions, tickets and the suspension have in common.

local floor = math.floor

-- Texts, each after its length; false for one that is missing.
local function packed(texts)
    local out = {}
    for i = 1, #texts do
        local text = texts[i]
        out[i] = text and struct.pack('<I4', #text) .. text or '\255\255\255\255'
    end
    return table.concat(out)
end

local function digits(number)
    return string.format('%.0f', number)
end

-- The server's time in microseconds since 1970, unless a test gives another.
local function server_time(given)
    if given ~= '' then
        return tonumber(given)
    end
    local time = redis.call('TIME')
    return time[1] * 1000000 + time[2]
end
