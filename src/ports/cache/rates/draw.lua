-- Draws one from each bucket, or from none: `Rate::draw` of mod.rs, for several buckets in one step.
-- KEYS: for each bucket its key and, where a mark lets it be passed over, the mark's (else the same).
-- ARGV: now, milliseconds that a key is kept beyond its moment, then interval and depth of each
-- bucket. Times are in microseconds, whole numbers that a double holds exactly.
-- Returns {wait, bucket}: 0 and 0 when granted, else how long and for which one (from 1).
local now, slack = tonumber(ARGV[1]), tonumber(ARGV[2])
local moments = redis.call('MGET', unpack(KEYS))
local next, wait, bucket = {}, 0, 0
for i = 1, #KEYS / 2 do
    local key, mark = KEYS[2 * i - 1], KEYS[2 * i]
    local passed_over = mark ~= key and (tonumber(moments[2 * i] or 0) or 0) > now
    if not passed_over then
        local interval, depth = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
        local full_at = tonumber(moments[2 * i - 1] or now) or now
        full_at = math.min(math.max(full_at, now), now + depth) + interval
        local short = full_at - now - depth
        if short > wait then
            wait, bucket = short, i
        end
        next[key] = full_at
    end
end
if wait == 0 then
    for key, full_at in pairs(next) do
        local kept = math.ceil((full_at - now) / 1000) + slack
        redis.call('SET', key, string.format('%.0f', full_at), 'PX', string.format('%.0f', kept))
    end
end
return {string.format('%.0f', wait), bucket}
