import type { ConnectionLimit, ConnectionLimits } from '../limits/connection-limits.js'
import type { Moves } from './protocol.js'

/** What one worker's connections take of the limits of the hub. */
export class Seats {
  readonly #limits: ConnectionLimits
  readonly #networks = new Map<string | undefined, number>()
  readonly #clients = new Map<string, number>()
  #connections = 0

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  /** How many connections it has that were let in. */
  get connections(): number {
    return this.#connections
  }

  /** @returns the limit that keeps a connection out */
  enter(network: string | undefined): ConnectionLimit | undefined {
    const limit = this.#limits.enter(network)
    if (limit) return limit
    this.#connections += 1
    count(this.#networks, network, 1)
    return undefined
  }

  /** @returns the limit that keeps a client of a proxy out */
  enterClient(network: string): ConnectionLimit | undefined {
    const limit = this.#limits.enterClient(network)
    if (!limit) count(this.#clients, network, 1)
    return limit
  }

  /** Connections of it have ended, or gone on as others. */
  move({ networks, clients }: Moves): void {
    for (const [network, change] of networks) {
      this.#connections += change
      count(this.#networks, network, change)
      repeat(change, () => this.#limits.enterAgain(network))
      repeat(-change, () => this.#limits.leave(network))
    }
    for (const [network, change] of clients) {
      count(this.#clients, network, change)
      repeat(-change, () => this.#limits.leaveClient(network))
    }
  }

  /** It has gone, and all its connections with it. */
  clear(): void {
    for (const [network, seats] of this.#networks) repeat(seats, () => this.#limits.leave(network))
    for (const [network, seats] of this.#clients) {
      repeat(seats, () => this.#limits.leaveClient(network))
    }
    this.#networks.clear()
    this.#clients.clear()
  }
}

/** Adds to a count. */
export function count<K>(counts: Map<K, number>, key: K, change: number): void {
  const sum = (counts.get(key) ?? 0) + change
  if (sum === 0) counts.delete(key)
  else counts.set(key, sum)
}

function repeat(times: number, act: () => void): void {
  for (let left = times; left > 0; left -= 1) act()
}
