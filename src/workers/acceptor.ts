import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { foreignCodeOf } from '../errors.js'
import { cannotListen } from '../server/listening.js'
import { sum } from '../sum.js'
import { type BoundSocket, bind } from './bound.js'

/** What takes connections by itself, as many as it is allowed to. */
export interface Taker {
  /** Whether it can be relied on now. */
  readonly isReady: boolean
  /** How many connections it has. */
  readonly connections: number
  /** Until it has how many it takes connections; undefined while it takes none. */
  readonly limit: number | undefined
  /** Lets it take connections until it has so many. */
  admit(limit: number, sockets: readonly BoundSocket[]): void
}

/** How many connections more than another a worker may take: so many, or this share of all. */
const SLACK = { few: 2, share: 1 / 16 }

/**
 * How often, and every how many ms, a port is tried that is in use: the workers of a hub that was
 * killed need a moment to notice.
 */
const TRIES = { times: 6, every: 200 }

/** Has the addresses of the hub; lets workers take connections there, those that have few. */
export class Acceptor {
  readonly #takers: Iterable<Taker>
  #sockets: readonly BoundSocket[] = []

  constructor(takers: Iterable<Taker>) {
    this.#takers = takers
  }

  /**
   * @returns where connections can be taken
   * @throws {HubError} `ADDRESS_UNAVAILABLE`
   */
  async bind(host: string, port: number): Promise<AddressInfo> {
    for (let tries = 1; ; tries += 1) {
      try {
        const { sockets, address } = await bind(host, port)
        this.#sockets = sockets
        return address
      } catch (error) {
        const isInUse = foreignCodeOf(error) === 'EADDRINUSE'
        if (!isInUse || tries === TRIES.times) throw cannotListen(host, port, error)
      }
      await pause(TRIES.every)
    }
  }

  /** Sees to it that those take connections who have few; to be called when that may have changed. */
  balance(): void {
    const takers = [...this.#takers].filter(({ isReady }) => isReady)
    const counts = takers.map(({ connections }) => connections)
    const least = Math.min(...counts)
    const slack = Math.max(SLACK.few, Math.floor(sum(counts) * SLACK.share))
    const limit = takers.length === 1 ? Number.MAX_SAFE_INTEGER : least + slack
    for (const taker of takers) {
      const { connections, limit: told } = taker
      // Not at every change: whoever may take connections is told in time, but no more often.
      const isDue =
        told === undefined
          ? connections <= limit - slack / 2
          : Math.abs(told - limit) > slack / 2 || (told > limit && connections >= limit)
      if (isDue) taker.admit(limit, this.#sockets)
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
    this.#sockets = []
  }
}
