import { Channel, type ChannelOptions } from '../../src/channel/channel.js'
import type { Start } from '../../src/channel/cursor.js'
import { Filter } from '../../src/channel/filter.js'
import { Flusher } from '../../src/channel/flusher.js'
import type { Sink } from '../../src/channel/sink.js'
import type { Subscriber } from '../../src/channel/subscriber.js'
import type { Entry } from '../../src/event/entry.js'
import { checkEvent } from '../../src/event/event.js'
import { emptySnapshot } from '../../src/store/epoch.js'
import { Sequencer } from '../../src/store/sequencer.js'
import type { StoredChannelOptions } from '../../src/store/store.js'
import { parseStream, type StreamEvent } from './stream.js'

/** A sink whose network stalls and drains when told to. */
export class FakeSink implements Sink {
  /** What the network has taken. */
  received = ''
  isEnded = false
  isDestroyed = false
  /** Whether the network takes one write, then no more until it drains. */
  isNarrow = false
  #isStalled = false
  #pending = ''
  #onDrain: (() => void)[] = []

  write(bytes: Buffer): void {
    if (this.#isStalled) this.#pending += bytes.toString()
    else this.received += bytes.toString()
    if (this.isNarrow) this.#isStalled = true
  }

  get isPending(): boolean {
    return this.#pending !== ''
  }

  onDrain(callback: () => void): void {
    this.#onDrain.push(callback)
  }

  end(bytes: Buffer): void {
    this.write(bytes)
    this.isEnded = true
  }

  destroy(): void {
    this.isDestroyed = true
  }

  stall(): void {
    this.#isStalled = true
  }

  drain(): void {
    this.#isStalled = false
    this.received += this.#pending
    this.#pending = ''
    for (const callback of this.#onDrain.splice(0)) callback()
  }

  get events(): StreamEvent[] {
    return parseStream(this.received)
  }

  /** The data of the events received; a gap event is `gap: REASON`. */
  get data(): string[] {
    return this.events.map(({ event, data }) =>
      event === 'ssehub.gap' ? `gap: ${JSON.parse(data).reason}` : data,
    )
  }
}

/** A channel over a store in memory, with a clock and turns that only the test moves. */
export class Heart {
  now = 0
  readonly channel: Channel
  readonly entries: Entry[] = []
  readonly #turns: (() => void)[] = []
  readonly #limits: StoredChannelOptions
  #sequencer: Sequencer

  /** @param step as for the flusher; 1 is one visit a turn */
  constructor(
    { step, ...options }: Partial<ChannelOptions> & { readonly step?: number } = {},
    flusher = new Flusher((turn) => this.#turns.push(turn), step),
  ) {
    const cacheLength = options.cacheLength ?? 100
    const snapshot = emptySnapshot()
    this.#limits = { cacheLength, assignIds: false }
    this.#sequencer = new Sequencer(snapshot, this.#limits, () => this.now)
    this.channel = new Channel('test', flusher, {
      cacheLength,
      window: { events: 100, bytes: 1_000_000 },
      writeSize: 65_536,
      pingInterval: 5000,
      pingEvent: false,
      stallTimeout: 60_000,
      now: () => this.now,
      ...options,
    })
    this.channel.load(snapshot)
  }

  /** Publishes an event; its data is its number unless given. */
  publish(id?: string, data = `${this.channel.log.head + 1}`, event?: string): Entry {
    const { entry } = this.#sequencer.next(checkEvent({ data, id, event }))
    this.entries.push(entry)
    this.channel.accept(entry)
    return entry
  }

  /** Events that the channel is not told of, as of another hub while this one is cut off. */
  miss(...ids: (string | undefined)[]): void {
    for (const id of ids) {
      const data = `${this.#sequencer.head + 1}`
      this.entries.push(this.#sequencer.next(checkEvent({ data, id })).entry)
    }
    this.channel.load(this.#sequencer.snapshot(0), 'evicted')
  }

  /** The store is emptied, and has other events now. */
  reset(...ids: string[]): void {
    this.#sequencer = new Sequencer(emptySnapshot(), this.#limits, () => this.now)
    for (const id of ids) this.#sequencer.next(checkEvent({ data: `new ${id}`, id }))
    this.channel.load(this.#sequencer.snapshot(0), 'reset')
  }

  publishAll(...ids: (string | undefined)[]): void {
    for (const id of ids) this.publish(id)
  }

  /** One turn of the event loop. */
  turn(): void {
    for (const turn of this.#turns.splice(0)) turn()
  }

  /** Turns until nothing is left to do. */
  settle(): void {
    while (this.#turns.length > 0) this.turn()
  }

  subscribe(start: Start = { from: 'now' }, types: string[] = []): FakeSink {
    return this.open(start, types).sink
  }

  open(
    start: Start,
    types: string[] = [],
    isNarrow = false,
  ): { sink: FakeSink; subscriber: Subscriber } {
    const sink = new FakeSink()
    sink.isNarrow = isNarrow
    return { sink, subscriber: this.channel.subscribe(sink, start, Filter.of([], types)) }
  }

  resume(id: string): FakeSink {
    return this.subscribe({ from: 'id', id })
  }
}
