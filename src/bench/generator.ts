import { setTimeout as pause } from 'node:timers/promises'
import { HubError } from '../errors.js'
import { sum } from '../sum.js'
import { type Anchor, anchorOf } from './anchor.js'
import { now } from './clock.js'
import { Deliveries } from './deliveries.js'
import { addSubscriber, type Findings, noFindings } from './findings.js'
import { Histogram, type HistogramData } from './histogram.js'
import { Ledger, type Sent } from './ledger.js'
import type { Part, Plan } from './plan.js'
import { type Order, Publisher } from './publisher.js'
import { StampFormat } from './stamp.js'
import { Subscriber, type Surroundings } from './subscriber.js'

/** How far a process is. */
export interface Progress {
  readonly open: number
  readonly sent: number
  readonly delivered: number
  readonly resumed: number
}

/** How streams were opened. */
export interface Opening {
  readonly opened: number
  /** When the last one was; us. */
  readonly lastAt: number
  /** Us from connecting to the head of the answer. */
  readonly latency: HistogramData
}

/** How events were published. */
export interface Publishing {
  /** When the last answer came; us. */
  readonly endedAt: number
  /** Us from sending to the answer. */
  readonly latency: HistogramData
}

/** What came to subscribers. */
export interface Arrival {
  readonly count: number
  /** When the last one came; us. */
  readonly lastAt: number
  /** Us from sending to arrival; in a storm, from connecting to having all. */
  readonly latency: HistogramData
}

/** What is asked of a storm. */
export interface Storm {
  readonly clients: number
  readonly anchors: readonly Anchor[]
  readonly sent: Sent
}

/** Streams that are being opened at once; a server's queue for new ones is not long. */
const OPENING = 64

/** Ms between looks at whether all is done. */
const LOOK = 10

/** Ms in which events that come twice, or out of order, may still come. */
const LINGER = 250

/** Ms for which a run that was stopped waits for what is on its way. */
const STOPPED_TIMEOUT = 1000

/** What one process does of a run: its subscribers, its publishers, its share of storms. */
export class Generator {
  readonly #plan: Plan
  readonly #part: Part
  readonly #format: StampFormat
  readonly #subscribers: Subscriber[]
  readonly #publishers: Publisher[]
  readonly #deliveries = new Deliveries()
  #publishLatency = new Histogram()
  readonly #resumers: Subscriber[] = []
  #resumed = 0
  #opened = 0
  /** When something was last got on with; us. */
  #activeAt = now()
  #isStopped = false
  #failure: HubError | undefined

  constructor(plan: Plan, part: Part) {
    this.#plan = plan
    this.#part = part
    this.#format = new StampFormat(plan.run, plan.size)
    this.#subscribers = []
    this.#publishers = part.publishers.map((index) => {
      return new Publisher(plan, this.#format, index, () => this.#publishLatency)
    })
  }

  progress(): Progress {
    return {
      open: this.#opened,
      sent: sum(this.#publishers.map(({ sent }) => sent)),
      delivered: this.#deliveries.count,
      resumed: this.#resumed,
    }
  }

  /**
   * Opens the streams of all its subscribers, a few at once.
   *
   * @throws {HubError} `HUB_REFUSED`, `HUB_FAILED`
   */
  async connect(): Promise<Opening> {
    const latency = new Histogram()
    const { channels, publishers, trail } = this.#plan
    const waiting = this.#part.subscribers.values()
    let lastAt = now()
    const openNext = () => {
      const { value: index } = waiting.next()
      if (index === undefined || this.#isStopped) return
      const channel = index % channels.length
      const ledger = new Ledger(channel, channels.length, publishers)
      const isScout = index < channels.length
      const subscriber = new Subscriber(
        around,
        channels[channel] ?? '',
        ledger,
        isScout && trail > 0 ? trail + 1 : 0,
      )
      this.#subscribers.push(subscriber)
      subscriber.open()
    }
    const around = this.#surroundings({
      onOpen: ({ reconnects }, time) => {
        if (reconnects > 0) return
        latency.record(time)
        lastAt = now()
        openNext()
      },
      onDelivery: (_subscriber, sentAt, at) => this.#deliveries.add(sentAt, at),
    })
    for (let index = 0; index < OPENING; index += 1) openNext()
    const all = this.#part.subscribers.length
    if (!(await this.#all(() => this.#opened >= all)) && !this.#isStopped) {
      throw new HubError(
        'HUB_FAILED',
        `only ${this.#opened} of ${all} subscribers of a process got a stream; is the server allowed enough open files (ulimit -n), and streams?`,
      )
    }
    return { opened: this.#opened, lastAt, latency: latency.toData() }
  }

  /** @throws {HubError} `HUB_REFUSED`, `HUB_FAILED` */
  async publish(order: Order): Promise<Publishing> {
    await Promise.all(this.#publishers.map((publisher) => publisher.publish(order)))
    return { endedAt: now(), latency: this.#publishLatency.toData() }
  }

  /** What its publishers have sent; nothing for those of others. */
  sent(): Sent {
    const own = new Map(this.#publishers.map((publisher) => [publisher.index, publisher]))
    const indexes = Array.from({ length: this.#plan.publishers }, (_, index) => index)
    return {
      counts: indexes.map((index) => own.get(index)?.sent ?? 0),
      failed: indexes.map((index) => own.get(index)?.failed ?? []),
    }
  }

  /** Waits until its subscribers have all that was sent, but not for ever. */
  async arrive(sent: Sent): Promise<Arrival> {
    await this.#all(() => this.#subscribers.every(({ ledger }) => ledger.isAtEnd(sent)))
    const { count, lastAt, latency } = this.#deliveries
    return { count, lastAt, latency: latency.toData() }
  }

  /** Counts from here: what was before was to warm up. */
  reset(): void {
    this.#deliveries.reset()
    this.#publishLatency = new Histogram()
  }

  /** Where those that resume may begin, on the channels that its subscribers were first on. */
  anchors(): Anchor[] {
    return this.#subscribers.flatMap((subscriber) => anchorOf(subscriber, this.#plan.trail) ?? [])
  }

  /** Opens its share of a storm's streams at once, and waits until all have what they missed. */
  async storm({ clients, anchors, sent }: Storm): Promise<Arrival> {
    const { reader } = this.#part
    const { channels, publishers } = this.#plan
    const latency = new Histogram()
    let count = 0
    let lastAt = now()
    const goals = new Map<Subscriber, { readonly missed: number; readonly since: number }>()
    const around = this.#surroundings({
      onDelivery: (subscriber, _sentAt, at) => {
        count += 1
        const goal = goals.get(subscriber)
        const { ledger, gaps } = subscriber
        if (!goal || (ledger.seen !== goal.missed && !(gaps > 0 && ledger.isAtEnd(sent)))) return
        this.#resumed += 1
        latency.record(at - goal.since)
        lastAt = at
      },
      onOpen: () => {},
    })
    for (let index = reader?.index ?? clients; index < clients; index += reader?.of ?? 1) {
      const anchor = anchors[index % anchors.length]
      if (!anchor) break
      const ledger = new Ledger(anchor.channel, channels.length, publishers, anchor.next)
      const resumer = new Subscriber(around, channels[anchor.channel] ?? '', ledger)
      goals.set(resumer, { missed: anchor.missed, since: now() })
      this.#resumers.push(resumer)
      resumer.open(anchor.lastId)
    }
    await this.#all(() => this.#resumed >= this.#resumers.length)
    return { count, lastAt, latency: latency.toData() }
  }

  /** What its subscribers were given, once what may still come has had its time. */
  async findings(sent: Sent): Promise<Findings> {
    await pause(this.#isStopped ? 0 : LINGER)
    const findings = noFindings()
    for (const subscriber of this.#subscribers) addSubscriber(findings, subscriber, sent, 'live')
    for (const subscriber of this.#resumers) addSubscriber(findings, subscriber, sent, 'storm')
    return findings
  }

  /** Lets what is under way end. */
  stop(): void {
    this.#isStopped = true
    for (const publisher of this.#publishers) publisher.stop()
  }

  close(): void {
    for (const publisher of this.#publishers) publisher.close()
    for (const subscriber of [...this.#subscribers, ...this.#resumers]) subscriber.close()
  }

  #surroundings({ onOpen, onDelivery }: Pick<Surroundings, 'onOpen' | 'onDelivery'>): Surroundings {
    const { subscribe: endpoint, headers } = this.#plan
    return {
      endpoint,
      headers,
      format: this.#format,
      onOpen: (subscriber, time) => {
        this.#activeAt = now()
        if (subscriber.reconnects === 0) this.#opened += 1
        onOpen(subscriber, time)
      },
      onDelivery: (subscriber, sentAt, at) => {
        this.#activeAt = at
        onDelivery(subscriber, sentAt, at)
      },
      onFailure: (error) => {
        this.#failure ??= error
      },
    }
  }

  /** Waits until all is done; false if nothing happens any more before that. */
  async #all(isDone: () => boolean): Promise<boolean> {
    this.#activeAt = now()
    while (!isDone()) {
      if (this.#failure) throw this.#failure
      const patience = this.#isStopped ? STOPPED_TIMEOUT : this.#plan.timeout
      if (now() - this.#activeAt > patience * 1e3) return false
      await pause(LOOK)
    }
    return true
  }
}
