import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { AccessList } from '../access/access-list.js'
import { connectionNetwork, networkOf } from '../access/network.js'
import type { ServerCounters } from '../counts.js'
import type { ConnectionLimit } from '../limits/connection-limits.js'
import type { LimitLog } from '../limits/limit-log.js'
import { Refusals } from './refusals.js'

/** How a connection was let in, or what keeps it out. */
export interface Ticket {
  /** What it counts under besides all; undefined for a proxy's. */
  readonly network: string | undefined
  /** Why it is only told to come back. */
  readonly limit: ConnectionLimit | undefined
}

/** Who counts connections: the limits themselves, or for a worker its primary. */
export interface Gate {
  /** What a connection that comes is let in as. */
  enter(socket: Socket, network: string | undefined): Ticket
  /** @returns the limit that keeps a client of a proxy out */
  enterClient(network: string): Promise<ConnectionLimit | undefined>
  /** A connection that was let in goes on in another socket. */
  enterAgain(network: string | undefined): void
  leave(network: string | undefined): void
  leaveClient(network: string): void
}

export interface ConnectionsOptions {
  readonly gate: Gate
  /** How many that are kept out are told so at once; see `Refusals`. */
  readonly maxRefusals: number
  readonly trustedProxies: AccessList
  readonly counters: ServerCounters
  readonly log: LimitLog
}

/** The connections of the server: counted from the first byte to the last, whatever they become. */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #tickets = new WeakMap<object, Ticket>()
  /** Those that are kept out, until they are gone. */
  readonly #refusals: Refusals<Ticket>
  /** Of those, the ones that were counted. */
  readonly #refused = new WeakSet<Ticket>()

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#refusals = new Refusals(options.maxRefusals, (ticket) => this.#refuse(ticket))
  }

  /** A connection has come. */
  take(socket: Socket): Ticket {
    const { gate, trustedProxies } = this.#options
    const network = connectionNetwork(socket.remoteAddress, trustedProxies)
    const ticket = gate.enter(socket, network)
    this.#tickets.set(socket, ticket)
    if (ticket.limit) this.#refusals.add(ticket, socket)
    else socket.once('close', () => gate.leave(ticket.network))
    return ticket
  }

  /** A connection comes to HTTP, if by TLS for the second time. */
  meet(socket: Socket): void {
    if (!this.#tickets.has(socket)) this.take(socket)
  }

  /** What keeps a connection out that asks for something; it gets one answer. */
  limitOf(socket: Socket): ConnectionLimit | undefined {
    const ticket = this.#tickets.get(socket)
    if (ticket?.limit) this.#refusals.hear(ticket)
    return ticket?.limit
  }

  /** The same where it asks for what there is no room for: that is counted, once. */
  turnAway(socket: Socket): ConnectionLimit | undefined {
    const ticket = this.#tickets.get(socket)
    if (ticket) this.#refuse(ticket)
    return this.limitOf(socket)
  }

  /** A connection goes on in another socket, as a stream does. */
  carryOver(from: Socket, to: Socket): void {
    const ticket = this.#tickets.get(from)
    if (!ticket || from === to) return
    this.#tickets.set(to, ticket)
    if (ticket.limit) {
      this.#refusals.carryOver(ticket, to)
      return
    }
    const { gate } = this.#options
    gate.enterAgain(ticket.network)
    to.once('close', () => gate.leave(ticket.network))
  }

  /** Something is a part of a connection: its TLS, or one of its streams. */
  share(connection: Socket, part: Duplex): void {
    const ticket = this.#tickets.get(connection)
    if (ticket) this.#tickets.set(part, ticket)
  }

  /**
   * Lets a stream in of a client behind a trusted proxy, until it closes.
   *
   * @param address the client's
   */
  async enterClient(stream: Duplex, address: string): Promise<ConnectionLimit | undefined> {
    if (this.#tickets.get(stream)?.network !== undefined) return undefined // it is in itself
    const { gate } = this.#options
    const network = networkOf(address)
    const limit = await gate.enterClient(network)
    if (limit) this.#count(limit)
    else if (stream.destroyed) gate.leaveClient(network)
    else stream.once('close', () => gate.leaveClient(network))
    return limit
  }

  /** Counts one that is kept out, once. */
  #refuse(ticket: Ticket): void {
    if (!ticket.limit || this.#refused.has(ticket)) return
    this.#refused.add(ticket)
    this.#count(ticket.limit)
  }

  #count(limit: ConnectionLimit): void {
    const { counters, log } = this.#options
    counters.refusedConnections += 1
    if (limit === 'server.maxConnectionsPerIp') counters.refusedConnectionsPerIp += 1
    log.tell(limit, 'readers are told to come back later, publishers get a 429')
  }
}
