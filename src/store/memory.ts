import type { Entry, Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import { emptySnapshot, Sequencer } from './sequencer.js'
import type { Store, StoredChannel, StoredChannelOptions } from './store.js'

/** Keeps channels for the lifetime of the process. [ssehub] */
export class MemoryStore implements Store {
  readonly #now: () => number
  readonly #names = new Set<string>()

  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now
  }

  async start(): Promise<void> {}

  async channels(): Promise<string[]> {
    return [...this.#names]
  }

  async open(
    name: string,
    options: StoredChannelOptions,
    follow: (entry: Entry) => void,
  ): Promise<StoredChannel> {
    const sequencer = new Sequencer(emptySnapshot(), options, this.#now)
    return new MemoryChannel(sequencer, (entry) => {
      this.#names.add(name)
      follow(entry)
    })
  }

  async stop(): Promise<void> {}
}

class MemoryChannel implements StoredChannel {
  readonly #sequencer: Sequencer
  readonly #follow: (entry: Entry) => void

  constructor(sequencer: Sequencer, follow: (entry: Entry) => void) {
    this.#sequencer = sequencer
    this.#follow = follow
  }

  async append(event: HubEvent): Promise<Entry> {
    const { entry } = this.#sequencer.next(event)
    this.#follow(entry)
    return entry
  }

  async read(after: number): Promise<Snapshot> {
    return this.#sequencer.snapshot(after)
  }
}
