/** A setting that keeps a connection out. */
export type ConnectionLimit = 'server.maxConnections' | 'server.maxConnectionsPerIp'

export interface ConnectionLimitsOptions {
  /** Connections at most; 0 is no limit. */
  readonly maxConnections: number
  /** Connections at most of one network, as `networkOf` has it; 0 is no limit. */
  readonly maxConnectionsPerIp: number
}

/** Counts connections, in all and by network, and says which limit keeps one more out. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitsOptions
  readonly #networks = new Map<string, number>()
  #total = 0

  constructor(options: ConnectionLimitsOptions) {
    this.#options = options
  }

  /** How many connections are in. */
  get total(): number {
    return this.#total
  }

  /**
   * Lets a connection in.
   *
   * @param network undefined where it is a proxy's, whose clients are counted one by one
   * @returns the limit that keeps it out, if one does
   */
  enter(network: string | undefined): ConnectionLimit | undefined {
    const { maxConnections } = this.#options
    if (maxConnections > 0 && this.#total >= maxConnections) return 'server.maxConnections'
    const limit = network === undefined ? undefined : this.enterClient(network)
    if (!limit) this.#total += 1
    return limit
  }

  /** A connection that is in goes on as another; no limit keeps it from that. */
  enterAgain(network: string | undefined): void {
    this.#total += 1
    if (network !== undefined) this.#count(network, 1)
  }

  /** Lets a client of a proxy in, whose connection is in already. */
  enterClient(network: string): ConnectionLimit | undefined {
    const { maxConnectionsPerIp } = this.#options
    const count = this.#networks.get(network) ?? 0
    if (maxConnectionsPerIp > 0 && count >= maxConnectionsPerIp) return 'server.maxConnectionsPerIp'
    this.#count(network, 1)
    return undefined
  }

  /** A connection that was let in has ended. */
  leave(network: string | undefined): void {
    this.#total -= 1
    if (network !== undefined) this.leaveClient(network)
  }

  leaveClient(network: string): void {
    this.#count(network, -1)
  }

  #count(network: string, change: number): void {
    const count = (this.#networks.get(network) ?? 0) + change
    if (count > 0) this.#networks.set(network, count)
    else this.#networks.delete(network)
  }
}
