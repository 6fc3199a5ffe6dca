import type { Server, Socket } from 'node:net'
import { AccessList } from '../access/access-list.js'
import type { Channel } from '../channel/channel.js'
import type { Channels } from '../channels.js'
import type { CacheAdapter } from '../config/config.js'
import { noRequests } from '../counts.js'
import type { GroupStats } from '../group-stats.js'
import type { Stats } from '../stats.js'
import type { Store } from '../store/store.js'
import { CACHE_ADAPTERS } from '../store/stores.js'
import type { Credentials } from '../tls/credentials.js'
import type { Upstream } from '../upstream.js'
import { IpcStore } from './ipc-store.js'
import type { Admission, WorkerSettings } from './protocol.js'
import { SharedListener } from './shared-listener.js'
import { Soon } from './soon.js'
import { Counter } from './tally.js'
import type { Uplink } from './uplink.js'
import { WorkerGate } from './worker-gate.js'

/** What a worker's hub has from its primary. */
export class Worker implements Upstream {
  readonly stores: ReadonlyMap<CacheAdapter, Store>
  readonly counters = noRequests()
  readonly credentials: Credentials | undefined
  readonly gate: WorkerGate
  readonly #url: string
  readonly #uplink: Uplink
  readonly #counter = new Counter(this.counters)
  /** The channels that somebody has come to or left in this turn. */
  readonly #changed = new Set<Channel>()
  #channels: Iterable<Channel> = []
  #server: Server | undefined
  readonly #listener: SharedListener
  #wasOpen = false
  /** How many connections it may have until it takes no more. */
  #limit = 0
  // Who comes next, or publishes, is to find things as they are: at once, unless there is much.
  readonly #tellingCounts = new Soon(() => this.#tell(this.#changed), 4)
  /** Resolves when it is told to end its streams; if it is slow, before it has settled. */
  readonly #ended: Promise<void>
  #onEnd: () => void = () => {}

  /** @param onError told when it cannot take connections */
  constructor(
    { url, credentials, config }: WorkerSettings,
    uplink: Uplink,
    onError: (error: Error) => void,
  ) {
    this.#ended = new Promise((resolve) => {
      this.#onEnd = resolve
    })
    this.#url = url
    this.credentials = credentials
    this.#uplink = uplink
    this.gate = new WorkerGate(uplink, new AccessList(config.server.trustedProxies))
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
    return this.#ended
  }

  closed(timeout: number): Promise<void> {
    return this.gate.closed(timeout)
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

  #take(socket: Socket): void {
    this.#hand(socket).catch(() => socket.destroy()) // the primary has gone
    this.#closeIfFull()
  }

  /** Hands a connection to the server, once its primary has said what it is let in as. */
  async #hand(socket: Socket): Promise<void> {
    const isThere = await this.gate.announce(socket)
    if (!isThere) return
    this.#server?.emit('connection', socket)
    socket.resume()
  }

  #closeIfFull(): void {
    if (this.gate.connections < this.#limit || !this.#listener.isOpen) return
    this.#listener.close()
    this.gate.tell()
    this.#uplink.send({ kind: 'full' })
  }

  #tell(channels: Iterable<Channel>): void {
    const tally = this.#counter.take(channels)
    this.#changed.clear()
    if (tally) this.#uplink.send({ kind: 'tally', tally })
  }
}
