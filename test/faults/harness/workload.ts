import { setTimeout as pause } from 'node:timers/promises'
import { fetchHistory } from '../../../src/client/history.js'
import { Random } from '../../helpers/random.js'
import { AmqpPublisher } from './amqp-publisher.js'
import { Follower } from './follower.js'
import { HttpPublisher } from './http-publisher.js'
import type { Journal, Loss, Watch } from './journal.js'
import type { StagedHub } from './staged-hub.js'

/** A history that holds all events of a run, and one so short that clients meet gaps. */
export const CHANNELS = [
  { path: 'all', cacheLength: 200_000 },
  { path: 'few', cacheLength: 20 },
]

/** Events a second of each publisher, at most. */
const RATE = 60

/** Ms in which all publishers publish again, and all clients have seen the last events. */
const PATIENCE = 60_000

/** Where events go besides hubs. */
export interface Broker {
  readonly url: string
  readonly exchange: string
}

export interface WorkloadOptions {
  readonly hubs: readonly StagedHub[]
  readonly broker?: Broker | undefined
  /** Of a store that loses events; it may also have those that it was too late to take. */
  readonly losses?: readonly Loss[] | undefined
}

/** Publishers of unique numbers, and clients that follow them, through whatever happens. */
export class Workload {
  readonly #hubs: readonly StagedHub[]
  readonly #publishers: readonly (HttpPublisher | AmqpPublisher)[]
  readonly #followers: readonly Follower[]
  #running: Promise<unknown> = Promise.resolve()
  #isEnding = false

  constructor({ hubs, broker, losses }: WorkloadOptions, random: Random) {
    this.#hubs = hubs
    const refusal = losses ? 'unknown' : 'refused'
    const own = () => new Random(random.seed())
    const straight = hubs.map(({ url }) => url)
    const proxied = hubs.map((hub) => hub.proxied)
    const amqp = broker ? ['a1', 'a2'].map((name) => new AmqpPublisher(name, 'all', broker)) : []
    this.#publishers = [
      new HttpPublisher('p1', 'all', straight, own(), refusal),
      new HttpPublisher('p2', 'all', proxied, own(), refusal),
      new HttpPublisher('p3', 'few', straight, own(), refusal),
      ...amqp,
    ]
    this.#followers = [
      ...CHANNELS.flatMap(({ path }) =>
        hubs.map((hub) => new Follower(`${path} at ${hub.name}`, path, [hub.proxied], own())),
      ),
      new Follower('all, past the proxy', 'all', straight, own()),
      new Follower('all, anywhere', 'all', proxied, own()),
      new Follower('few, anywhere', 'few', proxied, own()),
      ...['all', 'all', 'few'].map(
        (path, index) =>
          new Follower(`${path}, now and then (${index})`, path, straight, own(), true),
      ),
    ]
  }

  /** Resolves when all publishers publish and all clients have an event. */
  async start(): Promise<void> {
    const isEnding = () => this.#isEnding
    this.#running = Promise.all([
      ...this.#followers.map((follower) => follower.run()),
      ...this.#publishers.map((publisher) => publisher.run(RATE, isEnding)),
    ])
    await this.recovered()
    await until(() => this.#followers.every(({ sightings }) => sightings.length > 0), 'followers')
  }

  /** Resolves when all publishers have had an event taken from now on. */
  async recovered(): Promise<void> {
    const now = performance.now()
    for (const { name, attempts } of this.#publishers) {
      const isTaken = () => {
        const last = attempts.findLast(({ outcome }) => outcome === 'acked')
        return last !== undefined && last.begun > now
      }
      await until(isTaken, `publisher ${name}`)
    }
  }

  /** Publishes the last events, waits until all clients have them, and gives what all saw. */
  async finish(): Promise<Journal> {
    this.#isEnding = true
    const last: { channel: string; id: string }[] = []
    for (const publisher of this.#publishers) {
      last.push({ channel: publisher.channel, id: await publisher.finish() })
    }
    await Promise.all(
      this.#followers.map((follower) => {
        const own = last.filter(({ channel }) => channel === follower.channel)
        return follower.hasSeen(
          own.map(({ id }) => id),
          PATIENCE,
        )
      }),
    )
    for (const follower of this.#followers) follower.close()
    await this.#running
    const histories = await Promise.all(this.#hubs.map(readHistory))
    return {
      attempts: this.#publishers.flatMap(({ attempts }) => attempts),
      watches: [...this.#followers, ...histories],
    }
  }

  /** How often clients have connected after the first time. */
  get reconnects(): number {
    return this.#followers.reduce((sum, { connections }) => sum + connections - 1, 0)
  }
}

/** The history that holds everything, as one more client that is told the sequences. */
async function readHistory({ name, url }: StagedHub): Promise<Watch> {
  const { events } = await fetchHistory(url, 'all')
  const at = performance.now()
  return {
    client: `the history of ${name}`,
    channel: 'all',
    isHistory: true,
    sightings: events.map(({ id, data, sequence }) => ({ kind: 'event', id, data, sequence, at })),
  }
}

async function until(isSo: () => boolean, who: string): Promise<void> {
  const limit = performance.now() + PATIENCE
  while (!isSo()) {
    if (performance.now() > limit) throw new Error(`${who} got nowhere for ${PATIENCE} ms`)
    await pause(5)
  }
}
