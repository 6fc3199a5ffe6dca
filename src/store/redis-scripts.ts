import { createHash } from 'node:crypto'

/** A Lua script that Redis runs as one step: nobody sees its half. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/*
 * What a channel is in Redis (see redis-keys.ts): `meta` has its epoch `e`, the number `s` and the
 * token `n` of its newest event, and `v`, the history's evictedThrough. `stream` has the history
 * and the recent events, each under its number. `ids` tells of each known id "SEQUENCE PLACE
 * FIRST", with place 0 for the departed; `order` has the ids of the history by sequence, `departed`
 * those that left it by when they did; `delivered` the keys of deliveries by time.
 */
const KEYS = `
local meta, stream, ids, order, departed, delivered = unpack(KEYS)
local function whole(number) return string.format('%.0f', number) end
local function at(sequence) return whole(sequence) .. '-0' end
`

/**
 * Appends an event: gives it its number and place, keeps the history and the window of recent
 * events within their limits. The same rules as `History`. [ssehub]
 */
const APPEND_ONE = `
local epoch, head, last, evictedThrough
local function begin(candidate)
  local known = redis.call('HMGET', meta, 'e', 's', 'n', 'v')
  epoch, head, last = known[1], tonumber(known[2] or 0), known[3] or ''
  evictedThrough = tonumber(known[4] or 0)
  if epoch then return end
  epoch, head, last, evictedThrough = candidate, 0, '', 0
  redis.call('DEL', stream, ids, order, departed, delivered)
end

local function append(id, json, token, now, limits)
  local sequence = head + 1
  local place, first = sequence, sequence
  local unused = {}
  if id == '' and limits.assignIds then id = epoch .. '-' .. whole(sequence) end
  if id ~= '' then
    local known = redis.call('HGET', ids, id)
    if known then
      local knownSequence, knownPlace, knownFirst = string.match(known, '(%d+) (%d+) (%d+)')
      first = tonumber(knownFirst)
      if knownPlace == '0' then
        redis.call('ZREM', departed, id)
      else
        place = tonumber(knownPlace)
        unused[#unused + 1] = tonumber(knownSequence)
      end
    end
    redis.call('HSET', ids, id, whole(sequence) .. ' ' .. whole(place) .. ' ' .. whole(first))
    redis.call('ZADD', order, whole(sequence), id)
  end
  local head_line = table.concat(
    { epoch, whole(sequence), whole(place), whole(first), now, token, last == '' and '-' or last, id }, ' ')
  local text = head_line .. '\\n' .. json
  redis.call('XADD', stream, at(sequence), 'e', text)
  head, last = sequence, token

  local excess = redis.call('ZCARD', order) - limits.cacheLength
  if excess > 0 then
    local gone = redis.call('ZPOPMIN', order, math.min(excess, 1000))
    for index = 1, #gone, 2 do
      local goneSequence = tonumber(gone[index + 1])
      local goneFirst = string.match(redis.call('HGET', ids, gone[index]), '%d+ %d+ (%d+)')
      redis.call('HSET', ids, gone[index], whole(goneSequence) .. ' 0 ' .. goneFirst)
      redis.call('ZADD', departed, whole(sequence), gone[index])
      evictedThrough = math.max(evictedThrough, goneSequence)
      unused[#unused + 1] = goneSequence
    end
    local forgotten = redis.call('ZCARD', departed) - limits.departed
    if forgotten > 0 then
      local left = redis.call('ZPOPMIN', departed, math.min(forgotten, 1000))
      for index = 1, #left, 2 do redis.call('HDEL', ids, left[index]) end
    end
  end

  local leaving = sequence - limits.window
  for _, old in ipairs(unused) do
    if old <= leaving then redis.call('XDEL', stream, at(old)) end
  end
  local oldest = leaving > 0 and redis.call('XRANGE', stream, at(leaving), at(leaving))[1]
  if oldest then
    local oldId = string.match(oldest[2][2], '^%S+ %S+ %S+ %S+ %S+ %S+ %S+ ([^\\n]*)')
    local kept = oldId and oldId ~= '' and redis.call('ZSCORE', order, oldId)
    if not kept or tonumber(kept) ~= leaving then redis.call('XDEL', stream, at(leaving)) end
  end
  return text
end

local function finish(expire)
  redis.call('HSET', meta, 'e', epoch, 's', whole(head), 'n', last, 'v', whole(evictedThrough))
  if expire == '0' then return end
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, expire) end
end
`

/**
 * Appends an event and tells all hubs of it.
 *
 * @returns its text, also where an earlier try got through; nothing for a delivery that was
 *   appended before
 */
export const APPEND = script(`${KEYS}${APPEND_ONE}
local candidate, now, cacheLength, window, departedLimit, assignIds, expire, publish, channel,
  token, tries, delivery, isRepeat, deliveryAge, deliveryLimit, id, json = unpack(ARGV)
begin(candidate)
if tonumber(tries) > 0 then
  for _, entry in ipairs(redis.call('XREVRANGE', stream, '+', '-', 'COUNT', tries)) do
    if string.match(entry[2][2], '^%S+ %S+ %S+ %S+ %S+ (%S+)') == token then return entry[2][2] end
  end
end
if delivery ~= '' then
  if isRepeat == '1' and redis.call('ZSCORE', delivered, delivery) then return false end
  redis.call('ZADD', delivered, now, delivery)
  redis.call('ZREMRANGEBYSCORE', delivered, '-inf', whole(tonumber(now) - deliveryAge))
  redis.call('ZREMRANGEBYRANK', delivered, 0, -deliveryLimit - 1)
end
local text = append(id, json, token, now, {
  cacheLength = tonumber(cacheLength), window = tonumber(window),
  departed = tonumber(departedLimit), assignIds = assignIds == '1' })
finish(expire)
redis.call(publish, channel, text)
return text
`)

/** Fills a channel that Redis knows nothing of: ID and JSON of each event, in their order. */
export const IMPORT = script(`${KEYS}${APPEND_ONE}
if redis.call('EXISTS', meta) == 1 then return 0 end
local candidate, now, cacheLength, window, departedLimit, expire = unpack(ARGV)
begin(candidate)
for index = 7, #ARGV, 2 do
  append(ARGV[index], ARGV[index + 1], candidate .. '-' .. whole(head + 1), now, {
    cacheLength = tonumber(cacheLength), window = tonumber(window),
    departed = tonumber(departedLimit), assignIds = false })
end
finish(expire)
return head
`)

/**
 * Reads on from where a hub stands: `same`, if that is the newest event; `after` and events; or
 * `all`, without the events, where it cannot go on from there or, below 0, stands nowhere yet. A hub that is ahead of Redis, or
 * has other events under the same numbers, shows that Redis has lost some: then the channel
 * begins a new epoch, so that all hubs tell their subscribers.
 */
export const READ = script(`${KEYS}
local epoch, head, token, candidate, publish, channel, count = unpack(ARGV)
local known = redis.call('HMGET', meta, 'e', 's', 'n', 'v')
if not known[1] then return { 'nothing' } end
local function all(reason)
  local left = redis.call('ZRANGE', departed, 0, -1)
  for index, id in ipairs(left) do left[index] = id .. '\\n' .. redis.call('HGET', ids, id) end
  return { 'all', reason, known[1], known[2], known[3], known[4],
    redis.call('ZRANGE', order, 0, -1, 'WITHSCORES'), left }
end
head = tonumber(head)
if head < 0 then return all('reset') end
local newest = tonumber(known[2])
if head > 0 and known[1] ~= epoch then return all('reset') end
if head == newest and known[3] == token then return { 'same' } end
local entries = redis.call('XRANGE', stream, at(head + 1), '+', 'COUNT', count)
local isNext = entries[1] and entries[1][1] == at(head + 1)
-- The token of the event at the head, by the one after it, or by itself.
local here
if isNext then
  here = string.match(entries[1][2][2], '^%S+ %S+ %S+ %S+ %S+ %S+ (%S+)')
elseif newest > head then
  local own = redis.call('XRANGE', stream, at(head), at(head))[1]
  here = own and string.match(own[2][2], '^%S+ %S+ %S+ %S+ %S+ (%S+)')
end
if newest <= head or (here and here ~= (token == '' and '-' or token)) then
  known[1], known[2], known[3] = candidate, whole(math.max(newest, head)), ''
  redis.call('HSET', meta, 'e', known[1], 's', known[2], 'n', known[3])
  redis.call(publish, channel, 'reset')
  return all('reset')
end
if not isNext then return all('evicted') end
local texts = { 'after', known[2] }
for _, entry in ipairs(entries) do texts[#texts + 1] = entry[2][2] end
return texts
`)

function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}
