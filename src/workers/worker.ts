import type { Server, Socket } from 'node:net'
import type { Channel } from '../channel/channel.js'
import type { Channels } from '../channels.js'
import type { CacheAdapter } from '../config/config.js'
import type { GroupStats } from '../group-stats.js'
import type { ConnectionLimit } from '../limits/connection-limits.js'
import type { Ticket } from '../server/connections.js'
import { noRequests, type Stats } from '../stats.js'
import type { Store } from '../store/store.js'
import { CACHE_ADAPTERS } from '../store/stores.js'
import type { Credentials } from '../tls/credentials.js'
import type { Upstream } from '../upstream.js'
import { IpcStore } from './ipc-store.js'
import type { WorkerSettings } from './protocol.js'
import { count } from './seats.js'
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
  #connections = 0
  /** How many more connections there are than the primary knows of. */
  #news = 0
  readonly #moves = {
    networks: new Map<string | undefined, number>(),
    clients: new Map<string, number>(),
  }
  readonly #tickets = new WeakMap<Socket, Ticket>()
  #isTelling = false
  #onAllClosed: () => void = () => {}
  #onEnd: () => void = () => {}

  constructor({ url, credentials }: WorkerSettings, uplink: Uplink) {
    this.#url = url
    this.credentials = credentials
    this.#uplink = uplink
    this.stores = new Map(CACHE_ADAPTERS.map((name) => [name, new IpcStore(name, uplink)]))
  }

  count(channel: Channel): void {
    if (this.#changed.size === 0) setImmediate(() => this.#tell(this.#changed))
    this.#changed.add(channel)
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
    this.#onEnd()
  }

  /** Takes a connection in, which nothing has been read of. */
  take(socket: Socket | undefined, ticket: Ticket): void {
    this.#uplink.send({ kind: 'taken' })
    this.#connections += 1
    if (!socket || !this.#server) {
      socket?.destroy()
      this.#gone()
      if (!ticket.limit) this.leave(ticket.network)
      return
    }
    this.#tickets.set(socket, ticket)
    socket.allowHalfOpen = true // as a server's own sockets are
    socket.on('close', this.#gone)
    this.#server.emit('connection', socket)
  }

  countConnections(change: number): void {
    this.#connections += change
    this.#news += change
    this.#tellSoon()
  }

  enter(socket: Socket, network: string | undefined): Ticket {
    return this.#tickets.get(socket) ?? { network, limit: undefined }
  }

  enterClient(network: string): Promise<ConnectionLimit | undefined> {
    return this.#uplink.call('enterClient', network)
  }

  enterAgain(network: string | undefined): void {
    count(this.#moves.networks, network, 1)
    this.#tellSoon()
  }

  leave(network: string | undefined): void {
    count(this.#moves.networks, network, -1)
    this.#tellSoon()
  }

  leaveClient(network: string): void {
    count(this.#moves.clients, network, -1)
    this.#tellSoon()
  }

  /** A connection that becomes a stream ends as the one and begins as the other in one turn. */
  #tellSoon(): void {
    if (!this.#isTelling) setImmediate(() => this.#tellConnections())
    this.#isTelling = true
  }

  readonly #gone = (): void => this.countConnections(-1)

  #tellConnections(): void {
    this.#isTelling = false
    const { networks, clients } = this.#moves
    if (this.#news !== 0 || networks.size > 0 || clients.size > 0) {
      this.#uplink.send({ kind: 'connections', change: this.#news, moves: this.#moves })
    }
    this.#news = 0
    networks.clear()
    clients.clear()
    if (this.#connections === 0) this.#onAllClosed()
  }

  #tell(channels: Iterable<Channel>): void {
    const tally = this.#counter.take(channels)
    this.#changed.clear()
    if (tally) this.#uplink.send({ kind: 'tally', tally })
  }
}
