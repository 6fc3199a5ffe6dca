import type { Server, Socket } from 'node:net'
import { AccessList } from '../access/access-list.js'
import { connectionNetwork } from '../access/network.js'
import type { Channel } from '../channel/channel.js'
import type { Channels } from '../channels.js'
import type { CacheAdapter } from '../config/config.js'
import { noRequests } from '../counts.js'
import type { GroupStats } from '../group-stats.js'
import type { ConnectionLimit } from '../limits/connection-limits.js'
import type { Ticket } from '../server/connections.js'
import type { Stats } from '../stats.js'
import type { Store } from '../store/store.js'
import { CACHE_ADAPTERS } from '../store/stores.js'
import type { Credentials } from '../tls/credentials.js'
import type { Upstream } from '../upstream.js'
import { IpcStore } from './ipc-store.js'
import type { Admission, WorkerSettings } from './protocol.js'
import { count } from './seats.js'
import { SharedListener } from './shared-listener.js'
import { Soon } from './soon.js'
import { Counter } from './tally.js'
import type { Uplink } from './uplink.js'

/** What a worker's hub has from its primary. */
export class Worker implements Upstream {
  readonly stores: ReadonlyMap<CacheAdapter, Store>
  readonly counters = noRequests()
  readonly credentials: Credentials | undefined
  readonly #url: string
  readonly #uplink: Uplink
  readonly #counter = new Counter(this.counters)
  /** The channels that somebody has come to or left in this turn. */
  readonly #changed = new Set<Channel>()
  #channels: Iterable<Channel> = []
  #server: Server | undefined
  readonly #trustedProxies: AccessList
  readonly #listener: SharedListener
  #wasOpen = false
  #connections = 0
  /** How many connections it may have until it takes no more. */
  #limit = 0
  // Who comes next, or publishes, is to find things as they are: at once, unless there is much.
  readonly #tellingCounts = new Soon(() => this.#tell(this.#changed), 4)
  readonly #moves = {
    networks: new Map<string | undefined, number>(),
    clients: new Map<string, number>(),
  }
  readonly #tickets = new WeakMap<Socket, Ticket>()
  readonly #tellingMoves = new Soon(() => this.#tellMoves(), 4)
  #onAllClosed: () => void = () => {}
  #onEnd: () => void = () => {}

  /** @param onError told when it cannot take connections */
  constructor(
    { url, credentials, config }: WorkerSettings,
    uplink: Uplink,
    onError: (error: Error) => void,
  ) {
    this.#url = url
    this.credentials = credentials
    this.#uplink = uplink
    this.#trustedProxies = new AccessList(config.server.trustedProxies)
    this.#listener = new SharedListener((socket) => this.#take(socket), onError)
    this.stores = new Map(CACHE_ADAPTERS.map((name) => [name, new IpcStore(name, uplink)]))
  }

  count(channel: Channel): void {
    this.#changed.add(channel)
    this.#tellingCounts.ask()
  }

  stats(): Promise<Stats> {
    return this.#uplink.call('stats')
  }

  groupStats(): Promise<GroupStats> {
    return this.#uplink.call('groupStats')
  }

  begin(server: Server, channels: Channels): string {
    this.#server = server
    this.#channels = { [Symbol.iterator]: () => channels.open() }
    server.emit('listening') // it watches its connections' timeouts from then on
    return this.#url
  }

  settled(): Promise<void> {
    this.#uplink.send({ kind: 'settled' })
    return new Promise((resolve) => {
      this.#onEnd = resolve
    })
  }

  async closed(timeout: number): Promise<void> {
    if (this.#connections === 0) return
    await new Promise<void>((resolve) => {
      this.#onAllClosed = resolve
      setTimeout(resolve, timeout)
    })
  }

  /** The primary is alive, and wants to know all that there is to know. */
  pong(): void {
    this.#tell(this.#channels)
    this.#uplink.send({ kind: 'pong' })
  }

  /** All workers have settled. */
  end(): void {
    this.#listener.close()
    this.#onEnd()
  }

  /** Takes connections until it has as many as it may have, at an address more if that is given. */
  async admit({ limit }: Admission, socket: unknown): Promise<void> {
    this.#limit = limit
    const isFirst = !this.#wasOpen
    this.#wasOpen = true
    if (socket) await this.#listener.open(socket)
    if (isFirst) this.#uplink.send({ kind: 'listening' })
    this.#closeIfFull()
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

  #move<N extends string | undefined>(moves: Map<N, number>, network: N, change: number): void {
    count(moves, network, change)
    this.#tellingMoves.ask()
  }

  #take(socket: Socket): void {
    this.#connections += 1
    this.#admit(socket).catch(() => socket.destroy()) // the primary has gone
    this.#closeIfFull()
  }

  /** Hands a connection to the server, once its primary has said what it is let in as. */
  async #admit(socket: Socket): Promise<void> {
    const network = connectionNetwork(socket.remoteAddress, this.#trustedProxies)
    const limit = await this.#uplink.call('enter', network)
    if (limit) this.#connections -= 1
    if (socket.destroyed || !this.#server) {
      socket.destroy()
      if (!limit) this.leave(network)
      return
    }
    this.#tickets.set(socket, { network, limit })
    this.#server.emit('connection', socket)
    socket.resume()
  }

  #closeIfFull(): void {
    if (this.#connections < this.#limit || !this.#listener.isOpen) return
    this.#listener.close()
    this.#tellMoves()
    this.#uplink.send({ kind: 'full' })
  }

  #tell(channels: Iterable<Channel>): void {
    const tally = this.#counter.take(channels)
    this.#changed.clear()
    if (tally) this.#uplink.send({ kind: 'tally', tally })
  }

  #tellMoves(): void {
    const { networks, clients } = this.#moves
    if (networks.size > 0 || clients.size > 0) {
      this.#uplink.send({ kind: 'moves', moves: this.#moves })
    }
    networks.clear()
    clients.clear()
    if (this.#connections === 0) this.#onAllClosed()
  }
}
