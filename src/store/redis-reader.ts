import { isKept, type KeptEntry } from '../event/entry.js'
import { History, type HistoryLimits } from '../event/history.js'
import { newEpoch } from './epoch.js'
import type { Mark, Reading } from './reading.js'
import type { RedisContext } from './redis-context.js'
import { decodeEntry } from './redis-entry.js'
import type { ChannelKeys } from './redis-keys.js'
import { READ } from './redis-scripts.js'
import type { Break } from './store.js'

/** Bytes that one command reads, unless a single event is larger. */
const CHUNK = 1_048_576

/** What `READ` answers where a hub has to begin anew. */
type FullReply = [
  reason: Break,
  epoch: string,
  head: string,
  token: string,
  evictedThrough: string,
  /** IDs and sequence numbers, in the order of those. */
  order: string[],
  departed: string[],
  brokenThrough: string,
]

/** Reads a channel from Redis. */
export class RedisReader {
  readonly #keys: ChannelKeys
  readonly #limits: HistoryLimits
  readonly #context: RedisContext

  constructor(keys: ChannelKeys, limits: HistoryLimits, context: RedisContext) {
    this.#keys = keys
    this.#limits = limits
    this.#context = context
  }

  /** What there is after a mark, or all there is. */
  async read(mark: Mark | undefined): Promise<Reading> {
    const { connection, sharded } = this.#context
    const { epoch, head, token } = mark ?? { epoch: '', head: -1, token: '' }
    const publish = sharded ? 'SPUBLISH' : 'PUBLISH'
    const args = [epoch, head, token, newEpoch(), publish, this.#keys.events, CHUNK]
    const reply = (await connection.run(READ, this.#keys.all, args)) as [string, ...unknown[]]
    const [kind, ...rest] = reply
    if (kind === 'after') {
      const [newest, ...texts] = rest as string[]
      const entries = texts.map(decodeEntry).filter((stamped) => stamped !== undefined)
      return { kind, head: Number(newest), entries }
    }
    if (kind === 'all') return this.#readAll(rest as unknown as FullReply)
    return { kind: kind === 'same' ? kind : 'nothing' }
  }

  async #readAll(reply: FullReply): Promise<Reading> {
    const [reason, epoch, head, token, evicted, order, left, broken] = reply
    const kept = new Map<string, number>()
    for (let index = 0; index < order.length; index += 2) {
      kept.set(order[index] as string, Number(order[index + 1]))
    }
    const entries = await this.#readEntries(kept)
    for (const { id } of entries) kept.delete(id)
    // What left the stream since, or was thrown out by Redis for want of memory, is not to be had.
    const evictedThrough = [...kept.values()].reduce(greater, Number(evicted))
    const departed = left.flatMap((text) => {
      const [, id, sequence, first] = /^(.*)\n(\d+) \d+ (\d+)$/.exec(text) ?? []
      return id ? [{ id, sequence: Number(sequence), first: Number(first) }] : []
    })
    const history = new History<KeptEntry>(this.#limits, evictedThrough)
    history.load(entries, departed)
    history.expire(this.#context.now())
    const snapshot = {
      epoch,
      head: Number(head),
      evictedThrough: history.evictedThrough,
      entries: [...history.after(0)],
      departed: [...history.departed],
      brokenThrough: Number(broken),
    }
    return { kind: 'all', snapshot, token, reason }
  }

  /** The events that the stream holds of those, in steps of about the same size. */
  async #readEntries(kept: ReadonlyMap<string, number>): Promise<KeptEntry[]> {
    const entries: KeptEntry[] = []
    const numbers = [...kept.values()] // in order
    const last = numbers.at(-1) ?? 0
    let next = numbers[0] ?? 1
    let count = 16
    while (next <= last) {
      const { stream } = this.#keys
      const range = [`${next}-0`, `${last}-0`, 'COUNT', count]
      const chunk = await this.#context.connection.call('XRANGE', stream, ...range)
      let size = 0
      for (const [at, [, text]] of chunk as [string, [string, string]][]) {
        const entry = decodeEntry(text)?.entry
        if (entry && isKept(entry) && kept.get(entry.id) === entry.sequence) entries.push(entry)
        size += text.length
        next = Number.parseInt(at, 10) + 1
      }
      const { length } = chunk as unknown[]
      if (length === 0) break
      count = Math.min(Math.max(1, Math.floor((CHUNK * length) / (size + 1))), count * 4, 1000)
    }
    return entries
  }
}

function greater(a: number, b: number): number {
  return a > b ? a : b
}
