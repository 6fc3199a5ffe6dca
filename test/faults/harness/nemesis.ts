import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../helpers/random.js'
import type { Fault } from './fault.js'

/** How long a fault lasts, in ms. */
export interface Lengths {
  readonly least: number
  readonly most: number
}

/** Makes faults happen, one after another and at times two at once. */
export class Nemesis {
  /** How often each has happened. */
  readonly counts = new Map<string, number>()
  /** What it did, in order, to be read where something is wrong. */
  readonly deeds: string[] = []
  /** Ms that it took at most until all went on after a fault. */
  slowest = 0
  readonly #faults: readonly Fault[]
  readonly #random: Random
  readonly #lengths: Lengths
  /** What has not happened in this round yet. */
  #left: Fault[] = []

  constructor(faults: readonly Fault[], random: Random, lengths: Lengths) {
    this.#faults = faults
    this.#random = random
    this.#lengths = lengths
  }

  /**
   * Makes so many faults happen; all is well again when this resolves.
   *
   * @param recovered resolves when what the faults happen to works again
   */
  async run(faults: number, recovered: () => Promise<void>): Promise<void> {
    const { least, most } = this.#lengths
    for (let left = faults; left > 0; ) {
      const now = [this.#choose()]
      if (left > 1 && this.#random.isTrue(0.25) && this.#hasOther(now[0]?.target)) {
        now.push(this.#choose(now[0]?.target))
      }
      left -= now.length
      for (const fault of now) {
        await this.#do(fault, 'begin')
        await pause(this.#random.between(least, most) / now.length)
      }
      for (const fault of now.reverse()) await this.#do(fault, 'end')
      const ended = performance.now()
      await recovered()
      this.slowest = Math.max(this.slowest, performance.now() - ended)
      await pause(this.#random.between(0, least))
    }
  }

  #hasOther(busy: string | undefined): boolean {
    return this.#faults.some(({ target }) => target !== busy)
  }

  /** Each happens before any happens again. */
  #choose(busy?: string): Fault {
    const isFree = ({ target }: Fault) => target !== busy
    if (!this.#left.some(isFree)) this.#left.push(...this.#faults)
    const fault = this.#random.pick(this.#left.filter(isFree))
    if (!fault) throw new Error('there is no fault that could happen')
    this.#left.splice(this.#left.indexOf(fault), 1)
    return fault
  }

  async #do(fault: Fault, what: 'begin' | 'end'): Promise<void> {
    const { name, target } = fault
    const seconds = (performance.now() / 1000).toFixed(2)
    this.deeds.push(`${seconds} s: ${what} ${name} (${target})`)
    if (what === 'begin') this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    await fault[what]()
  }
}
