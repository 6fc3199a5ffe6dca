import { toFailure } from '../failure.js'
import type { GroupStats } from '../group-stats.js'
import type { Stats } from '../stats.js'
import type { Downlink } from './downlink.js'
import type { Line } from './line.js'
import type { CallName, Calls, ToPrimary } from './protocol.js'
import type { Seats } from './seats.js'
import type { Switchboard } from './switchboard.js'

/** The figures of the whole hub, and of all hubs that share its Redis. */
export interface Figures {
  stats(): Promise<Stats>
  groupStats(): Promise<GroupStats>
}

/** What a session sees to; the rest is about the worker's process. */
export type Request = Extract<ToPrimary, { kind: 'call' | 'close' | 'backlog' | 'tally' }>

type Handlers = {
  [N in CallName]: (...args: Parameters<Calls[N]>) => Promise<ReturnType<Calls[N]>>
}

/** What one worker does at the switchboard. */
export class Session {
  readonly #link: Downlink
  readonly #switchboard: Switchboard
  readonly #handlers: Handlers
  /** The channels that the worker follows. */
  readonly #lines = new Map<string, Line>()
  #isClosed = false

  constructor(link: Downlink, switchboard: Switchboard, figures: Figures, seats: Seats) {
    this.#link = link
    this.#switchboard = switchboard
    this.#handlers = {
      open: async (adapter, name, options) => {
        const line = await switchboard.open(adapter, name, options)
        if (this.#isClosed) return
        this.#lines.set(name, line)
        await line.join(link)
      },
      append: async (name, event, delivery, publisher) => {
        const entry = await switchboard.append(name, event, delivery, publisher)
        if (!entry) return undefined
        const { sequence, place, first, id, time } = entry
        const elsewhere = switchboard.elsewhere(name, link)
        return { sequence, place, first, id, time, elsewhere }
      },
      read: (name, after) => switchboard.stored(name).read(after),
      catchUp: (name) => switchboard.stored(name).catchUp(),
      channels: (adapter) => switchboard.channels(adapter),
      stats: () => figures.stats(),
      groupStats: () => figures.groupStats(),
      enter: async (network) => seats.enter(network),
      enterClient: async (network) => seats.enterClient(network),
    }
    link.onRoom = () => this.release()
  }

  receive(request: Request): void {
    switch (request.kind) {
      case 'call':
        this.#call(request.call, request.name, request.args)
        break
      case 'close':
        this.#lines.get(request.channel)?.leave(this.#link)
        this.#lines.delete(request.channel)
        break
      case 'backlog':
        this.#lines.get(request.channel)?.setBacklogged(this.#link, request.isBacklogged)
        break
      case 'tally':
        this.#switchboard.count(this.#link, request.tally)
    }
  }

  /** Lets those go on who waited for the worker, if they can. */
  release(): void {
    for (const line of this.#lines.values()) line.release()
  }

  /** The worker has gone. */
  close(): void {
    this.#isClosed = true
    for (const line of this.#lines.values()) line.leave(this.#link)
    this.#lines.clear()
    this.#switchboard.leave(this.#link)
  }

  async #call(call: number, name: CallName, args: readonly unknown[]): Promise<void> {
    const handle = this.#handlers[name] as (...args: readonly unknown[]) => Promise<unknown>
    try {
      const value = await handle(...args)
      this.#link.send({ kind: 'answer', call, value })
    } catch (error) {
      this.#link.send({ kind: 'failure', call, failure: toFailure(error) })
    }
  }
}
