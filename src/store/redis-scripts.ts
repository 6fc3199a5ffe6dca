import { createHash } from 'node:crypto'
import { COMMON, HISTORY } from './redis-lua.js'

/** A Lua script that Redis runs as one step: nobody sees its half. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/**
 * Appends the events of a batch, and tells all hubs of them in one message. A batch of a writer is
 * appended once, however often and late it arrives: its number is above that of its last one.
 *
 * @returns the events' texts, empty for a delivery that was appended before; of a batch that had
 *   been appended `again`, the epoch and the numbers; `late` of one before that
 */
export const APPEND = script(`${COMMON}${HISTORY}
local candidate, now, cacheLength, cacheBytes, cacheTtl, window, departedLimit, assignIds, expire,
  publish, channel, writer, batch, deliveryAge, deliveryLimit, knownEpoch, knownHead =
  unpack(ARGV, 1, 17)
now = whole(capped(now))
begin(candidate)
local done = redis.call('HGET', writers, writer)
if done and tonumber(field(done, 1)) >= tonumber(batch) then
  return { field(done, 1) == batch and 'again' or 'late', done }
end
-- It has less than the writer has seen of it: no number, nor an id made of one, is given twice.
if epoch == knownEpoch and head < tonumber(knownHead) then
  breakOff(candidate, knownHead)
  begin(candidate)
end
local limits = limitsOf(cacheLength, cacheBytes, cacheTtl, window, departedLimit)
limits.assignIds = assignIds == '1'
local seconds = tonumber(redis.call('TIME')[1])
local texts, told, numbers, hasDeliveries = {}, {}, { batch, epoch, whole(seconds) }, false
for index = 18, #ARGV, 5 do
  local delivery, isRepeat, id, size, json = unpack(ARGV, index, index + 4)
  if delivery ~= '' and isRepeat == '1' and redis.call('ZSCORE', delivered, delivery) then
    texts[#texts + 1], numbers[#numbers + 1] = '', '0'
  else
    if delivery ~= '' then
      redis.call('ZADD', delivered, seconds, delivery)
      hasDeliveries = true
    end
    local token = table.concat({ writer, batch, #texts }, '.')
    local text = append(id, json, tonumber(size), token, now, limits)
    texts[#texts + 1], told[#told + 1], numbers[#numbers + 1] = text, text, whole(head)
  end
end
if hasDeliveries then
  redis.call('ZREMRANGEBYSCORE', delivered, '-inf', whole(seconds - deliveryAge))
  redis.call('ZREMRANGEBYRANK', delivered, 0, -deliveryLimit - 1)
end
redis.call('HSET', writers, writer, table.concat(numbers, ' '))
if redis.call('HLEN', writers) > 200 then
  local all = redis.call('HGETALL', writers)
  for index = 1, #all, 2 do
    if tonumber(field(all[index + 1], 3)) < seconds - 3600 then
      redis.call('HDEL', writers, all[index])
    end
  end
end
finish(expire)
if #told > 0 then redis.pcall(publish, channel, table.concat(told, '\\n')) end
return { 'appended', unpack(texts) }
`)

/** Fills a channel that Redis knows nothing of: ID, bytes and JSON of each event, in their order. */
export const IMPORT = script(`${COMMON}${HISTORY}
if redis.call('EXISTS', meta) == 1 then return 0 end
local candidate, now, cacheLength, cacheBytes, cacheTtl, window, departedLimit, expire =
  unpack(ARGV, 1, 8)
now = whole(capped(now))
local limits = limitsOf(cacheLength, cacheBytes, cacheTtl, window, departedLimit)
begin(candidate)
for index = 9, #ARGV, 3 do
  local id, size, json = unpack(ARGV, index, index + 2)
  append(id, json, tonumber(size), candidate .. '.' .. whole(head + 1), now, limits)
end
finish(expire)
return head
`)

/**
 * Lets go of what has become too old, also of what the window holds up to there, a step at a time.
 *
 * @returns 0 if nothing is left to do
 */
export const EXPIRE = script(`${COMMON}${HISTORY}
if redis.call('EXISTS', meta) == 0 then return 0 end
local now, cacheLength, cacheBytes, cacheTtl, window, departedLimit = unpack(ARGV)
now = whole(capped(now))
begin('')
local limits = limitsOf(cacheLength, cacheBytes, cacheTtl, window, departedLimit)
local known = stale
evict(limits, before(now, limits))
sweep(limits.window, 1000)
save()
return (stale > known or swept < stale) and 1 or 0
`)

/**
 * Reads on from where a hub stands: `same`, if that is the newest event; `after` and events; or
 * `all`, without the events, where it cannot go on from there or, below 0, stands nowhere yet.
 * A hub that is ahead of Redis, or has other events under the same numbers, shows that Redis has
 * lost some: then the channel begins a new epoch, so that all hubs tell their subscribers.
 */
export const READ = script(`${COMMON}
local epoch, head, token, candidate, publish, channel, bytes = unpack(ARGV)
local known = redis.call('HMGET', meta, 'e', 's', 'n', 'v', 'r')
if not known[1] then return { 'nothing' } end
local function all(reason)
  local left = {}
  for _, id in ipairs(redis.call('ZRANGE', departed, 0, -1)) do
    local numbers = redis.call('HGET', ids, id)
    if numbers then left[#left + 1] = id .. '\\n' .. numbers end
  end
  return { 'all', reason, known[1], known[2], known[3] or '', known[4] or '0',
    redis.call('ZRANGE', order, 0, -1, 'WITHSCORES'), left, known[5] or '0' }
end
head = tonumber(head)
if head < 0 then return all('reset') end
local newest = tonumber(known[2] or 0)
if head > 0 and known[1] ~= epoch then return all('reset') end
if head == newest and known[3] == token then return { 'same' } end
local next = redis.call('XRANGE', stream, at(head + 1), at(head + 1))[1]
-- The token of the event at the head, by the one after it, or by itself.
local here
if next then
  here = field(next[2][2], 7)
elseif newest > head and token ~= '' then -- where an epoch began, that event is of the one before
  local own = redis.call('XRANGE', stream, at(head), at(head))[1]
  here = own and field(own[2][2], 6)
end
if newest <= head or (here and here ~= (token == '' and '-' or token)) then
  local number = whole(math.max(newest, head))
  breakOff(candidate, number)
  known[1], known[2], known[3], known[5] = candidate, number, '', number
  redis.pcall(publish, channel, 'reset')
  return all('reset')
end
if not next then return all('evicted') end
local texts, size = { 'after', known[2] }, 0
while next and size < tonumber(bytes) do
  texts[#texts + 1] = next[2][2]
  size = size + #next[2][2]
  head = head + 1
  next = redis.call('XRANGE', stream, at(head + 1), at(head + 1))[1]
end
return texts
`)

function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}
