import { noRequests, type ServerCounters } from '../counts.js'
import { add } from '../sum.js'
import { type ChannelCounts, noCounts, type Tally } from './tally.js'

/** What all workers have counted, those too that have died. */
export class Ledger {
  readonly server: ServerCounters = noRequests()
  readonly #channels = new Map<string, ChannelCounts>()
  /** Of channels that are known no more. */
  readonly others = noCounts()
  /** How many streams each worker has open, by channel. */
  readonly #streams = new Map<object, Map<string, number>>()

  /** @param worker names it */
  add(worker: object, { server, channels }: Tally): void {
    add(this.server, server)
    const streams = this.#streamsOf(worker)
    for (const [name, counts] of channels) {
      const { connects, disconnects } = counts
      add(this.#countsOf(name), counts)
      const open = (streams.get(name) ?? 0) + connects - disconnects
      if (open === 0) streams.delete(name)
      else streams.set(name, open)
    }
  }

  /** The streams of a worker that has died have ended. */
  bury(worker: object): void {
    for (const [name, open] of this.#streamsOf(worker)) this.#countsOf(name).disconnects += open
    this.#streams.delete(worker)
  }

  /** What was counted of a channel. */
  of(name: string): Readonly<ChannelCounts> {
    return this.#channels.get(name) ?? noCounts()
  }

  /** How many streams of a channel workers other than this one have open. */
  elsewhere(name: string, worker: object): number {
    const { connects, disconnects } = this.of(name)
    return connects - disconnects - (this.#streams.get(worker)?.get(name) ?? 0)
  }

  /** Keeps what was counted of a channel only as a part of the sums. */
  forget(name: string): void {
    add(this.others, this.of(name))
    this.#channels.delete(name)
  }

  #countsOf(name: string): ChannelCounts {
    const counts = this.#channels.get(name) ?? noCounts()
    this.#channels.set(name, counts)
    return counts
  }

  #streamsOf(worker: object): Map<string, number> {
    const streams = this.#streams.get(worker) ?? new Map<string, number>()
    this.#streams.set(worker, streams)
    return streams
  }
}
