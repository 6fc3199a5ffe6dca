import type { Socket } from 'node:net'
import type { AccessList } from '../access/access-list.js'
import { connectionNetwork } from '../access/network.js'
import type { ConnectionLimit } from '../limits/connection-limits.js'
import type { Gate, Ticket } from '../server/connections.js'
import { within } from '../within.js'
import { count } from './seats.js'
import { Soon } from './soon.js'
import type { Uplink } from './uplink.js'

/** The gate of a worker: its primary counts, is asked who may come, and told who has gone. */
export class WorkerGate implements Gate {
  readonly #uplink: Uplink
  readonly #trustedProxies: AccessList
  readonly #tickets = new WeakMap<Socket, Ticket>()
  #connections = 0
  readonly #moves = {
    networks: new Map<string | undefined, number>(),
    clients: new Map<string, number>(),
  }
  readonly #telling = new Soon(() => this.tell(), 4)
  #onAllClosed: () => void = () => {}

  constructor(uplink: Uplink, trustedProxies: AccessList) {
    this.#uplink = uplink
    this.#trustedProxies = trustedProxies
  }

  /** How many connections there are that were let in, or may be. */
  get connections(): number {
    return this.#connections
  }

  /**
   * Asks the primary what a connection that has come is let in as.
   *
   * @returns false if it has gone meanwhile
   * @throws {HubError} `STORE_UNAVAILABLE` if the primary has gone
   */
  async announce(socket: Socket): Promise<boolean> {
    this.#connections += 1
    const network = connectionNetwork(socket.remoteAddress, this.#trustedProxies)
    const limit = await this.#uplink.call('enter', network)
    if (limit) this.#connections -= 1
    if (!socket.destroyed) this.#tickets.set(socket, { network, limit })
    else if (!limit) this.leave(network)
    return !socket.destroyed
  }

  enter(socket: Socket, network: string | undefined): Ticket {
    return this.#tickets.get(socket) ?? { network, limit: undefined }
  }

  enterClient(network: string): Promise<ConnectionLimit | undefined> {
    return this.#uplink.call('enterClient', network)
  }

  enterAgain(network: string | undefined): void {
    this.#connections += 1
    this.#move(this.#moves.networks, network, 1)
  }

  leave(network: string | undefined): void {
    this.#connections -= 1
    this.#move(this.#moves.networks, network, -1)
  }

  leaveClient(network: string): void {
    this.#move(this.#moves.clients, network, -1)
  }

  /** Tells the primary who has gone, or gone on, that it does not know of. */
  tell(): void {
    const { networks, clients } = this.#moves
    if (networks.size > 0 || clients.size > 0) {
      this.#uplink.send({ kind: 'moves', moves: this.#moves })
    }
    networks.clear()
    clients.clear()
    if (this.#connections === 0) this.#onAllClosed()
  }

  /** Resolves when all connections have closed, and that is told, at the latest after `timeout` ms. */
  async closed(timeout: number): Promise<void> {
    if (this.#connections === 0) return
    const closed = new Promise<void>((resolve) => {
      this.#onAllClosed = resolve
    })
    await within(timeout, closed)
  }

  #move<N extends string | undefined>(moves: Map<N, number>, network: N, change: number): void {
    count(moves, network, change)
    this.#telling.ask()
  }
}
