import type { KeptEntry, Snapshot } from '../event/entry.js'
import type { Break } from '../store/store.js'
import type { Downlink } from './downlink.js'

/** Bytes of entries that go in one message at most, unless one entry is longer. */
const PART = 1_048_576

/** About how many bytes an entry has besides its frame. */
const ENTRY = 200

/** Bytes of events that may come while a load is under way; publishers wait with more. */
const OVERTAKING = 4_194_304

/** A channel's snapshot on its way to a worker: in parts, as fast as it takes them. */
export class Load {
  /** Resolves when all is sent, or need not be any more. */
  readonly done: Promise<void>
  readonly #worker: Downlink
  #isCancelled = false
  #overtaking = 0

  constructor(worker: Downlink, channel: string, snapshot: Snapshot, broken: Break | undefined) {
    this.#worker = worker
    this.done = this.#send(channel, snapshot, broken)
  }

  /** Whether so much has come meanwhile that publishers had better wait. */
  get isOvertaken(): boolean {
    return this.#overtaking > OVERTAKING
  }

  /** An event of so many bytes was sent meanwhile: the worker keeps it until it has the rest. */
  overtake(bytes: number): void {
    this.#overtaking += bytes
  }

  cancel(): void {
    this.#isCancelled = true
  }

  async #send(channel: string, snapshot: Snapshot, broken: Break | undefined): Promise<void> {
    const { entries, ...head } = snapshot
    this.#worker.send({ kind: 'load', channel, head, broken })
    let isFirst = true
    for (const part of partsOf(entries)) {
      if (!isFirst) await this.#worker.taken()
      if (this.#isCancelled || this.#worker.isClosed) return
      isFirst = false
      this.#worker.send({ kind: 'part', channel, entries: part })
    }
    this.#worker.send({ kind: 'loaded', channel })
  }
}

function* partsOf(entries: readonly KeptEntry[]): Generator<readonly KeptEntry[], void, undefined> {
  let start = 0
  let bytes = 0
  for (const [index, { frame }] of entries.entries()) {
    const length = frame.length + ENTRY
    if (bytes > 0 && bytes + length > PART) {
      yield entries.slice(start, index)
      start = index
      bytes = 0
    }
    bytes += length
  }
  if (bytes > 0) yield entries.slice(start)
}
