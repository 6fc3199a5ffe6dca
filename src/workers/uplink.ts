import type { Duplex } from 'node:stream'
import { HubError } from '../errors.js'
import type { Entry, KeptEntry, Snapshot } from '../event/entry.js'
import { toError } from '../failure.js'
import type { Break } from '../store/store.js'
import { Link } from './link.js'
import type { CallName, Calls, SnapshotHead, ToPrimary, ToWorker } from './protocol.js'

/** A channel as a worker follows it. */
export interface Followed {
  /** What it has is to be replaced by a snapshot, which comes in parts. */
  load(head: SnapshotHead, broken: Break | undefined): void
  add(entries: readonly KeptEntry[]): void
  loaded(): void
  accept(entry: Entry): void
}

/** What the uplink passes on. */
type Order = Exclude<
  ToWorker,
  { kind: 'load' | 'part' | 'loaded' | 'entry' | 'answer' | 'failure' }
>

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** A worker's end of the link to its primary: asks, and hands on what it is told of channels. */
export class Uplink {
  readonly #link: Link<ToWorker, ToPrimary>
  readonly #pending = new Map<number, Pending>()
  readonly #followed = new Map<string, Followed>()
  #calls = 0
  /** Told of what is not an answer and not about a channel. */
  onOrder: (order: Order) => void = () => {}
  /** Called when the primary has gone. */
  onClose: () => void = () => {}

  constructor(stream: Duplex) {
    this.#link = new Link(stream, (message) => this.#receive(message))
    this.#link.onClose = () => this.#closed()
  }

  /** @throws what the primary throws; {HubError} `STORE_UNAVAILABLE` if it has gone */
  call<N extends CallName>(name: N, ...args: Parameters<Calls[N]>): Promise<ReturnType<Calls[N]>> {
    return new Promise((resolve, reject) => {
      this.#calls += 1
      const pending = { resolve: resolve as Pending['resolve'], reject }
      this.#pending.set(this.#calls, pending)
      this.send({ kind: 'call', call: this.#calls, name, args })
    })
  }

  send(message: ToPrimary): void {
    this.#link.send(message)
  }

  /** Tells of a channel from now on. */
  follow(channel: string, followed: Followed): void {
    this.#followed.set(channel, followed)
  }

  unfollow(channel: string): void {
    this.#followed.delete(channel)
  }

  close(): void {
    this.#link.close()
  }

  #receive(message: ToWorker): void {
    switch (message.kind) {
      case 'entry':
        this.#followed.get(message.channel)?.accept(own(message.entry))
        break
      case 'load':
        this.#followed.get(message.channel)?.load(message.head, message.broken)
        break
      case 'part':
        this.#followed.get(message.channel)?.add(message.entries.map(own))
        break
      case 'loaded':
        this.#followed.get(message.channel)?.loaded()
        break
      case 'answer':
        this.#take(message.call)?.resolve(message.value)
        break
      case 'failure':
        this.#take(message.call)?.reject(toError(message.failure))
        break
      default:
        this.onOrder(message)
    }
  }

  #take(call: number): Pending | undefined {
    const pending = this.#pending.get(call)
    this.#pending.delete(call)
    return pending
  }

  #closed(): void {
    for (const { reject } of this.#pending.values()) {
      reject(new HubError('STORE_UNAVAILABLE', 'the primary process of the hub has gone'))
    }
    this.#pending.clear()
    this.onClose()
  }
}

/** An entry with bytes of its own: what came is a part of all that came with it. */
function own<E extends Entry>(entry: E): E {
  return { ...entry, frame: Buffer.from(entry.frame) }
}

/** A snapshot with bytes of its own. */
export function ownAll(snapshot: Snapshot): Snapshot {
  return { ...snapshot, entries: snapshot.entries.map(own) }
}
