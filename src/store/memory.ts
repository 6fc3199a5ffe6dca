import type { Entry, Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import { emptySnapshot } from './epoch.js'
import { Sequencer } from './sequencer.js'
import type { Delivery, Follower, Store, StoredChannel, StoredChannelOptions } from './store.js'

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
    follower: Follower,
  ): Promise<StoredChannel> {
    const snapshot = emptySnapshot()
    follower.load(snapshot)
    return new MemoryChannel(
      new Sequencer(snapshot, options, this.#now),
      (entry) => {
        this.#names.add(name)
        follower.accept(entry)
      },
      () => this.#names.delete(name),
    )
  }

  async stop(): Promise<void> {}
}

class MemoryChannel implements StoredChannel {
  readonly #sequencer: Sequencer
  readonly #accept: (entry: Entry) => void
  readonly #onClose: () => void

  constructor(sequencer: Sequencer, accept: (entry: Entry) => void, onClose: () => void) {
    this.#onClose = onClose
    this.#sequencer = sequencer
    this.#accept = accept
  }

  append(event: HubEvent): Promise<Entry>
  append(event: HubEvent, delivery: Delivery | undefined): Promise<Entry | undefined>
  async append(event: HubEvent, delivery?: Delivery): Promise<Entry | undefined> {
    const numbered = this.#sequencer.next(event, delivery)
    if (numbered) this.#accept(numbered.entry)
    return numbered?.entry
  }

  async read(after: number): Promise<Snapshot> {
    return this.#sequencer.snapshot(after)
  }

  async catchUp(): Promise<void> {}

  async expire(): Promise<void> {
    this.#sequencer.expire()
  }

  /** Nothing else has it: its history is gone. */
  close(): void {
    this.#onClose()
  }
}
