// The Lua that scripts have in common.

/*
 * What a channel is in Redis (see redis-keys.ts): `meta` has its epoch `e`, the number `s` and the
 * token `n` of its newest event, the history's evictedThrough `v` and bytes `b`, `w`, the number up
 * to which the stream was swept, `o`, that up to which events are too old, and `r`, that up to which
 * Redis has lost events, if it has. `stream` has the history and the recent events, each under its
 * number. `ids` tells of each known id "SEQUENCE PLACE FIRST TIME BYTES", of the departed the first
 * three, with place 0; `order` has the ids of the history by sequence, `departed` those that left it
 * by when they did; `delivered` the keys of deliveries by time; `writers` for each hub what came of
 * its last batch.
 *
 * A script that fails half-way is not undone, and Redis may throw any key out: what is missing is
 * borne with, and `meta` is written as soon as there is an event.
 */
export const COMMON = `
local meta, stream, ids, order, departed, delivered, writers = unpack(KEYS)
local function whole(number) return string.format('%.0f', number) end
local function at(sequence) return whole(sequence) .. '-0' end
local function field(text, number)
  return string.match(text, '^' .. string.rep('%S+ ', number - 1) .. '(%S+)')
end

-- Events up to a number were lost: another epoch begins after it.
local function breakOff(candidate, number)
  redis.call('HSET', meta, 'e', candidate, 's', whole(number), 'n', '', 'r', whole(number))
end
`

/**
 * What changes a channel: `append` gives an event its number and place, `evict` and `sweep` keep the
 * history and the window of recent events within their limits. The same rules as `History`. [ssehub]
 */
export const HISTORY = `
local epoch, head, last, evictedThrough, swept, bytes, stale
local function begin(candidate)
  local known = redis.call('HMGET', meta, 'e', 's', 'n', 'v', 'w', 'b', 'o')
  epoch, head, last = known[1], tonumber(known[2] or 0), known[3] or ''
  evictedThrough, swept = tonumber(known[4] or 0), tonumber(known[5] or 0)
  bytes, stale = tonumber(known[6] or 0), tonumber(known[7] or 0)
  if epoch then return end
  epoch, head, last, evictedThrough, swept, bytes, stale = candidate, 0, '', 0, 0, 0, 0
  redis.call('DEL', stream, ids, order, departed, delivered)
end

local function limitsOf(cacheLength, cacheBytes, cacheTtl, window, departedLimit)
  return {
    cacheLength = tonumber(cacheLength), cacheBytes = tonumber(cacheBytes),
    cacheTtl = tonumber(cacheTtl), window = tonumber(window), departed = tonumber(departedLimit) }
end

local function save()
  redis.call('HSET', meta, 'e', epoch, 's', whole(head), 'n', last, 'v', whole(evictedThrough),
    'w', whole(swept), 'b', whole(bytes), 'o', whole(stale))
end

local function bytesOf(known)
  return known and tonumber(field(known, 5) or 0) or 0
end

local function timeOf(known)
  return known and tonumber(field(known, 4) or '')
end

-- A hub's clock may be ahead: then it is this one that counts. In ms.
local function capped(now)
  local time = redis.call('TIME')
  return math.min(tonumber(now), time[1] * 1000 + math.floor(time[2] / 1000))
end

-- The number of the last event that is too old, where the oldest is dated ahead: it came before
-- those behind it all the same. Looks at 1000 at most.
local function staleBehind(before, now)
  local last, all = 0, redis.call('ZRANGE', order, 0, 999, 'WITHSCORES')
  for index = 1, #all, 2 do
    local time = timeOf(redis.call('HGET', ids, all[index])) or before
    if time <= now then
      if time >= before then break end
      last = tonumber(all[index + 1])
    end
  end
  return last
end

-- Lets go of events that there is no room for, or that came before a time; at most 1000.
local function evict(limits, before)
  local count, behind = redis.call('ZCARD', order), nil
  local now = before and before + limits.cacheTtl
  for _ = 1, 1000 do
    local isOver = count > limits.cacheLength
      or limits.cacheBytes > 0 and bytes > limits.cacheBytes
    if count == 0 or not (isOver or before) then break end
    local oldest = redis.call('ZRANGE', order, 0, 0, 'WITHSCORES')
    local id, sequence = oldest[1], tonumber(oldest[2])
    local known = redis.call('HGET', ids, id)
    local time = before and (timeOf(known) or before)
    if before and time > now and not behind then behind = staleBehind(before, now) end
    local isOld = before and (time < before or sequence <= (behind or 0))
    if not (isOver or isOld) then break end
    if isOld then stale = math.max(stale, sequence) end
    local first = known and field(known, 3) or whole(sequence)
    redis.call('ZREM', order, id)
    redis.call('HSET', ids, id, whole(sequence) .. ' 0 ' .. first)
    redis.call('ZADD', departed, whole(sequence), id)
    evictedThrough = math.max(evictedThrough, sequence)
    if sequence <= swept then redis.call('XDEL', stream, at(sequence)) end
    count, bytes = count - 1, bytes - bytesOf(known)
  end
  if count == 0 then bytes = 0 end
  local forgotten = redis.call('ZCARD', departed) - limits.departed
  if forgotten <= 0 then return end
  local left = redis.call('ZPOPMIN', departed, math.min(forgotten, 1000))
  for index = 1, #left, 2 do redis.call('HDEL', ids, left[index]) end
end

-- Of events that are too old, and of those before the window, only the history's are kept.
local function sweep(window, most)
  local through = math.min(math.max(head - window, stale), swept + most)
  while swept < through do
    swept = swept + 1
    local entry = redis.call('XRANGE', stream, at(swept), at(swept))[1]
    if entry then
      local id = string.match(entry[2][2], '^%S+ %S+ %S+ %S+ %S+ %S+ %S+ ([^\\n]*)')
      local kept = id and id ~= '' and redis.call('ZSCORE', order, id)
      if not kept or tonumber(kept) ~= swept then redis.call('XDEL', stream, at(swept)) end
    end
  end
end

local function before(now, limits)
  return limits.cacheTtl > 0 and tonumber(now) - limits.cacheTtl
end

local function append(id, json, size, token, now, limits)
  if limits.cacheTtl > 0 then evict(limits, before(now, limits)) end
  local sequence = head + 1
  local place, first, replaced = sequence, sequence, nil
  if id == '' and limits.assignIds then
    id = epoch .. '-' .. whole(sequence)
    size = size + #id + 5
  end
  local known = id ~= '' and redis.call('HGET', ids, id)
  if known then
    first = tonumber(field(known, 3))
    if field(known, 2) == '0' then
      redis.call('ZREM', departed, id)
    else
      place, replaced = tonumber(field(known, 2)), tonumber(field(known, 1))
      bytes = bytes - bytesOf(known)
    end
  end
  local previous = last == '' and '-' or last
  local line = { epoch, whole(sequence), whole(place), whole(first), now, token, previous, id }
  local text = table.concat(line, ' ') .. '\\n' .. json
  redis.call('XADD', stream, at(sequence), 'e', text)
  head, last = sequence, token
  save()
  if id ~= '' then
    local numbers = { whole(sequence), whole(place), whole(first), now, whole(size) }
    redis.call('HSET', ids, id, table.concat(numbers, ' '))
    bytes = bytes + size
    redis.call('ZADD', order, whole(sequence), id)
    if replaced and replaced <= swept then redis.call('XDEL', stream, at(replaced)) end
    evict(limits)
  end
  sweep(limits.window, 16)
  return text
end

local function finish(expire)
  save()
  if expire == '0' then return end
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, expire) end
end
`
