import type { Logger } from 'pino'
import { backoff } from '../backoff.js'
import { HubError } from '../errors.js'
import { within } from '../within.js'
import type { WorkerProcess } from './worker-process.js'

/** What is kept running. */
export type Supervised = Pick<
  WorkerProcess,
  'pid' | 'up' | 'ended' | 'ping' | 'tick' | 'settle' | 'end' | 'kill'
>

export interface SupervisorOptions<W> {
  /** How many workers there are to be. */
  readonly workers: number
  /** Starts the worker of that number, from 1 on. */
  readonly fork: (number: number) => W
  readonly logger: Logger
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** Told when workers end so often that it is of no use to start them again. */
  readonly onFailure: (error: HubError) => void
}

/** How often workers may end within so many ms before the hub ends, too. */
const BUDGET = { ends: 10, within: 60_000 }

/** Ms in which workers have to be done with what is under way, and then with their streams. */
const LIMIT = 2000

/** Keeps workers running: one that ends is replaced, later and later if that goes on. */
export class Supervisor<W extends Supervised> implements Iterable<W> {
  readonly #options: SupervisorOptions<W>
  readonly #running = new Map<number, W>()
  readonly #replacing = new Set<NodeJS.Timeout>()
  /** When workers ended, in ms of a clock that never jumps. */
  #ends: number[] = []
  #isUp = false
  #isStopping = false

  constructor(options: SupervisorOptions<W>) {
    this.#options = options
  }

  [Symbol.iterator](): IterableIterator<W> {
    return this.#running.values()
  }

  /**
   * Resolves when all workers are up.
   *
   * @throws what keeps one from being so
   */
  async start(): Promise<void> {
    const numbers = Array.from({ length: this.#options.workers }, (_, index) => index + 1)
    await Promise.all(numbers.map((number) => this.#fork(number, true).up))
    this.#isUp = true
  }

  /** Resolves when all workers have told what they have counted; those that are slow may not. */
  async ping(timeout: number): Promise<void> {
    await within(timeout, Promise.all([...this].map((worker) => worker.ping())))
  }

  tick(): void {
    for (const worker of this) worker.tick()
  }

  /** Resolves when no worker has an event under way, nor takes one any more. */
  async settle(): Promise<void> {
    this.#isStopping = true
    for (const timer of this.#replacing) clearTimeout(timer)
    await within(LIMIT, Promise.all([...this].map((worker) => worker.settle())))
  }

  /** Ends all workers; those that do not end by themselves are killed. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const ended = Promise.all([...this].map((worker) => worker.ended))
    for (const worker of this) worker.end()
    await within(this.#isUp ? LIMIT : 0, ended)
    for (const worker of this) worker.kill()
    await ended
  }

  /** @param isFirst whether `start` fails if it ends before it is up */
  #fork(number: number, isFirst: boolean): W {
    const worker = this.#options.fork(number)
    this.#running.set(number, worker)
    const { pid } = worker
    let isAwaited = isFirst
    worker.up.then(
      () => {
        isAwaited = false
        this.#options.logger.info({ worker: number, process: pid }, `worker ${number} is up`)
      },
      () => {}, // how it ended is told
    )
    worker.ended.then((reason) => this.#ended(number, reason, isAwaited))
    return worker
  }

  #ended(number: number, reason: string, isAwaited: boolean): void {
    const { logger, random, onFailure } = this.#options
    this.#running.delete(number)
    if (this.#isStopping || isAwaited) return
    const now = performance.now()
    this.#ends = [...this.#ends.filter((end) => now - end < BUDGET.within), now]
    logger.error({ worker: number }, `worker ${number} ${reason}; it is replaced`)
    if (this.#ends.length > BUDGET.ends) {
      this.#isStopping = true
      const times = `${this.#ends.length} times in ${BUDGET.within / 1000} seconds`
      onFailure(new HubError('WORKER_FAILED', `workers have ended ${times}; the last ${reason}`))
      return
    }
    const timer = setTimeout(
      () => {
        this.#replacing.delete(timer)
        this.#fork(number, false)
      },
      backoff(this.#ends.length - 1, { first: 100, max: 5000, random }),
    )
    this.#replacing.add(timer)
  }
}
