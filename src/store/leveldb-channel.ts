import type { Entry, KeptEntry, Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import type { Database, Operation } from './leveldb-database.js'
import {
  channelKey,
  decodeChannelRow,
  decodeEventRow,
  eventKey,
  eventRows,
  sequenceOf,
} from './leveldb-rows.js'
import { emptySnapshot, Sequencer } from './sequencer.js'
import type { StoredChannel, StoredChannelOptions } from './store.js'

/** A channel of the LevelDB store: its history in memory, and where its events go. */
export class LevelChannel implements StoredChannel {
  #sequencer: Sequencer | undefined
  /** The number of the last event that anybody has seen. */
  #seen: number | undefined

  constructor(
    readonly name: string,
    private readonly options: StoredChannelOptions & { readonly now: () => number },
    private readonly follower: (entry: Entry) => void,
    private readonly submit: (channel: LevelChannel, event: HubEvent) => Promise<Entry>,
  ) {}

  /** What numbers its events; ahead of what has been seen while a write is under way. */
  get sequencer(): Sequencer {
    if (!this.#sequencer) throw new Error(`channel ${this.name} has not been loaded`)
    return this.#sequencer
  }

  append(event: HubEvent): Promise<Entry> {
    return this.submit(this, event)
  }

  async read(after: number): Promise<Snapshot> {
    return this.sequencer.snapshot(after)
  }

  /** Passes an event on that is written. */
  follow(entry: Entry): void {
    this.#seen = entry.sequence
    this.follower(entry)
  }

  /** Reads what the database holds of it; rows of events that nobody has seen are removed. */
  async load(database: Database, report: (message: string) => void): Promise<void> {
    const seen = this.#seen ?? Number.MAX_SAFE_INTEGER
    const stored = await database.get(channelKey(this.name))
    const row = (stored !== undefined && decodeChannelRow(stored)) || emptySnapshot()
    let { head, evictedThrough } = row
    const entries: KeptEntry[] = []
    const removed: Operation[] = []
    for await (const [key, value] of database.iterator(eventRows(this.name))) {
      const sequence = sequenceOf(key)
      const entry = decodeEventRow(key, value)
      if (entry && sequence <= seen) {
        entries.push(entry)
        head = Math.max(head, sequence)
        continue
      }
      removed.push({ type: 'del', key })
      if (sequence > seen) continue
      report(`the stored event ${sequence} of channel ${this.name} is damaged; it is left out`)
      evictedThrough = Math.max(evictedThrough, sequence)
    }
    head = Math.min(head, seen)
    const snapshot = { epoch: row.epoch, head, evictedThrough, entries }
    this.#sequencer = new Sequencer(snapshot, this.options, this.options.now)
    this.#seen = head
    removed.push(...this.removal(this.#sequencer.dropped))
    if (removed.length > 0) await database.batch(removed)
  }

  /** What takes events out of the database. */
  removal(entries: readonly KeptEntry[]): Operation[] {
    return entries.map(({ sequence }) => ({ type: 'del', key: eventKey(this.name, sequence) }))
  }
}
