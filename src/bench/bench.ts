import { setTimeout as pause } from 'node:timers/promises'
import { sum } from '../sum.js'
import type { Anchor } from './anchor.js'
import { now } from './clock.js'
import { reach } from './endpoint.js'
import { add, noFindings, verdictOn } from './findings.js'
import { GeneratorProcess } from './generator-process.js'
import type { Answer, Arguments, CallName, GeneratorHandle } from './generator-protocol.js'
import type { Sent } from './ledger.js'
import { share } from './numbering.js'
import { type BenchOptions, processesOf, toPlan } from './options.js'
import { numbersOf, type Part, type Plan } from './plan.js'
import type { BenchProgress } from './progress-bar.js'
import { type BenchResult, type Cost, paceOf, round } from './result.js'
import { cpuOf, isRunning, listenersOn, memoryOf } from './server-processes.js'
import { MAX_EVENTS } from './stamp.js'

/** How a run is followed, ended, and its load started. */
export interface BenchControl {
  /** Ends the run before its time; what there is by then is its result. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BenchProgress) => void
  /** Starts what makes a part of the load; by default a process of its own. */
  readonly start?: (plan: Plan, part: Part) => GeneratorHandle
}

/** Ms between two reports of progress. */
const REPORT = 200

/** Us between saying and doing, so that all begin together. */
const LEAD = 50_000

/** Ms that a server is given to come to rest, before its memory is looked at. */
const REST = 500

/** Subscribers whose memory cannot be told from what a server's memory does anyway. */
const FEW = 100

/**
 * Loads a server with subscribers and publishers in processes of their own, and measures what
 * becomes of every event.
 *
 * @throws {HubError} `INVALID_CONFIG`, `HUB_UNREACHABLE`, `HUB_REFUSED`, `HUB_FAILED`
 */
export async function bench(
  options: BenchOptions,
  control: BenchControl = {},
): Promise<BenchResult> {
  const plan = toPlan(options)
  const [subscribe, publish] = await Promise.all([reach(plan.subscribe), reach(plan.publish)])
  const run = new Run({ ...plan, subscribe, publish }, options, control)
  try {
    return await run.run()
  } finally {
    run.end()
  }
}

/** What the processes of a run have in common. */
class Run {
  readonly #plan: Plan
  readonly #options: BenchOptions
  readonly #signal: AbortSignal | undefined
  readonly #readers: GeneratorHandle[]
  readonly #writers: GeneratorHandle[]
  /** The server's processes. */
  readonly #pids: readonly number[]
  readonly #timer: NodeJS.Timeout
  #phase: BenchProgress['phase'] = 'connecting'
  readonly #stop = () => {
    for (const one of this.#all) one.call('stop').catch(() => {}) // it has ended
  }

  constructor(plan: Plan, options: BenchOptions, control: BenchControl) {
    const { signal, onProgress, start = startProcess } = control
    this.#plan = plan
    this.#options = options
    this.#signal = signal
    const { subscribe, publish, subscribers, publishers } = plan
    const { pid } = options
    const pids = pid ? [pid] : [subscribe.port, publish.port].flatMap(listenersOn)
    this.#pids = [...new Set(pids)].filter(isRunning)
    const of = processesOf(options)
    this.#readers = Array.from({ length: of }, (_, index) => {
      const part = { subscribers: numbersOf(subscribers, of, index), publishers: [] }
      return start(plan, { ...part, reader: { index, of } })
    })
    const writers = Math.min(publishers, Math.ceil(of / 2))
    this.#writers = Array.from({ length: writers }, (_, index) => {
      const part = { subscribers: [], publishers: numbersOf(publishers, writers, index) }
      return start(plan, { ...part, reader: undefined })
    })
    signal?.addEventListener('abort', this.#stop)
    if (signal?.aborted) this.#stop()
    this.#timer = setInterval(() => onProgress?.(this.#progress()), REPORT)
  }

  async run(): Promise<BenchResult> {
    const { warmUp, events, duration, rate, storm } = this.#options
    const { run, subscribers, channels, publishers, size } = this.#plan

    const { memory, connected } = await this.#connect()

    this.#phase = 'warming up'
    if (warmUp > 0) await this.#publish(warmUp, undefined)
    await this.#ask(this.#all, 'reset')

    this.#phase = 'publishing'
    const before = this.#cpu()
    const { start, published } = await this.#publish(events ?? MAX_EVENTS, duration)
    const sent = await this.#sent()
    const arrivals = await this.#ask(this.#readers, 'arrive', sent)
    const delivered = paceOf(start, arrivals)
    const cost = this.#cost(before, start, delivered.count, published.count)

    this.#phase = 'resuming'
    const resumed = storm > 0 && !this.#isStopped ? await this.#storm(storm, sent) : undefined
    const findings = noFindings()
    for (const one of await this.#ask(this.#readers, 'findings', sent)) add(findings, one)
    return {
      run,
      subscribers,
      channels: channels.length,
      publishers,
      size,
      rate,
      interrupted: this.#isStopped,
      connected,
      published,
      delivered,
      storm: resumed?.storm ?? null,
      cost,
      stormCost: resumed?.cost ?? null,
      memory,
      verdict: verdictOn(findings, sent),
    }
  }

  end(): void {
    clearInterval(this.#timer)
    this.#signal?.removeEventListener('abort', this.#stop)
    for (const one of this.#all) one.kill()
  }

  async #connect(): Promise<Pick<BenchResult, 'connected' | 'memory'>> {
    const before = memoryOf(this.#pids)
    await this.#ask(this.#all, 'sent') // all have started
    const start = now()
    const openings = await this.#ask(this.#readers, 'connect')
    const opened = sum(openings.map((one) => one.opened))
    const connected = paceOf(
      start,
      openings.map((one) => ({ ...one, count: one.opened })),
    )
    if (before === 0 || opened < FEW) return { connected, memory: null }
    await pause(REST)
    const total = memoryOf(this.#pids)
    const perSubscriber = Math.max(0, Math.round((total - before) / opened))
    return { connected, memory: { total, perSubscriber } }
  }

  async #publish(events: number, duration: number | undefined) {
    const { publishers } = this.#plan
    const { rate } = this.#options
    const before = taken(await this.#sent())
    const start = now() + LEAD
    const publishings = await this.#ask(this.#writers, 'publish', {
      start,
      end: duration === undefined ? undefined : start + duration * 1e3,
      counts: Array.from({ length: publishers }, (_, index) => share(events, publishers, index)),
      interval: rate > 0 ? (publishers * 1e6) / rate : 0,
    })
    const sent = await this.#sent()
    await this.#ask(this.#readers, 'arrive', sent)
    const took = publishings.map(({ endedAt, latency }) => ({ count: 0, lastAt: endedAt, latency }))
    const { latency, seconds } = paceOf(start, took)
    const count = taken(sent) - before
    const published = { count, seconds, perSecond: round(count / (seconds || 1)), latency }
    return { start, published }
  }

  async #storm(clients: number, sent: Sent) {
    const anchors: Anchor[] = (await this.#ask(this.#readers, 'anchors')).flat()
    const before = this.#cpu()
    const start = now()
    const arrivals = await this.#ask(this.#readers, 'storm', { clients, anchors, sent })
    const { latency, ...all } = paceOf(start, arrivals)
    const storm = { count: clients, seconds: all.seconds, perSecond: round(clients / all.seconds) }
    return {
      storm: { ...storm, events: all.count, eventsPerSecond: all.perSecond, latency },
      cost: this.#cost(before, start, all.count, 0),
    }
  }

  async #sent(): Promise<Sent> {
    const { publishers } = this.#plan
    const parts = await this.#ask(this.#writers, 'sent')
    const indexes = Array.from({ length: publishers }, (_, index) => index)
    return {
      counts: indexes.map((index) => sum(parts.map(({ counts }) => counts[index] ?? 0))),
      failed: indexes.map((index) => parts.flatMap(({ failed }) => failed[index] ?? [])),
    }
  }

  #cpu(): number {
    return cpuOf(this.#pids)
  }

  #cost(before: number, start: number, deliveries: number, events: number): Cost | null {
    const cpu = this.#cpu() - before
    // What a server has used that has ended, or a worker of it, nobody knows.
    if (this.#pids.length === 0 || !this.#pids.every(isRunning) || cpu < 0) return null
    return {
      cpu: round(cpu),
      cpuPerDelivery: deliveries > 0 ? round((cpu * 1e6) / deliveries) : 0,
      cpuPerEvent: events > 0 ? round((cpu * 1e6) / events) : 0,
      cores: round((cpu * 1e6) / (now() - start)),
    }
  }

  #ask<N extends CallName>(
    processes: readonly GeneratorHandle[],
    name: N,
    ...args: Arguments<N>
  ): Promise<Answer<N>[]> {
    return Promise.all(processes.map((one) => one.call(name, ...args)))
  }

  get #all(): readonly GeneratorHandle[] {
    return [...this.#readers, ...this.#writers]
  }

  get #isStopped(): boolean {
    return this.#signal?.aborted === true
  }

  #progress(): BenchProgress {
    const { events = 0, warmUp, storm } = this.#options
    const phase = this.#phase
    const total = (name: 'open' | 'sent' | 'delivered' | 'resumed') =>
      sum(this.#all.map(({ progress }) => progress[name]))
    const delivered = total('delivered')
    switch (phase) {
      case 'connecting':
        return { phase, done: total('open'), of: this.#plan.subscribers, delivered }
      case 'warming up':
        return { phase, done: total('sent'), of: warmUp, delivered }
      case 'publishing':
        return { phase, done: total('sent') - warmUp, of: events, delivered }
      case 'resuming':
        return { phase, done: total('resumed'), of: storm, delivered }
    }
  }
}

function startProcess(plan: Plan, part: Part): GeneratorHandle {
  return new GeneratorProcess(plan, part)
}

/** Events that the server has taken. */
function taken({ counts, failed }: Sent): number {
  return sum(counts) - sum(failed.map(({ length }) => length))
}
