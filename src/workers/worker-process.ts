import { type ChildProcess, fork, type SendHandle } from 'node:child_process'
import { type Duplex, PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { HubError } from '../errors.js'
import { toError } from '../failure.js'
import type { ConnectionLimits } from '../limits/connection-limits.js'
import type { Credentials } from '../tls/credentials.js'
import type { Taker } from './acceptor.js'
import type { BoundSocket } from './bound.js'
import type { Downlink } from './downlink.js'
import { Link } from './link.js'
import type { Admission, ToPrimary, WorkerSettings } from './protocol.js'
import { Seats } from './seats.js'
import { type Figures, Session } from './session.js'
import type { Switchboard } from './switchboard.js'

const MAIN = fileURLToPath(new URL('./worker-main.js', import.meta.url))

/**
 * Ticks for which a worker may be silent before others go on without it, and before it is killed;
 * and those in which it has to be up.
 */
const PATIENCE = { ready: 2, silent: 5, starting: 30 }

/** Bytes that a worker may leave untaken, besides an event; it is killed if it leaves more. */
const UNTAKEN = 67_108_864

/** A worker, as its primary has it. */
export class WorkerProcess implements Taker {
  /** Resolves when it takes connections; rejects with the reason if it ends before that. */
  readonly up: Promise<void>
  /** Resolves with how it ended, when it has. */
  readonly ended: Promise<string>
  limit: number | undefined
  /** Called when it has more or fewer connections, or cannot take any more, or can again. */
  onChange: () => void = () => {}
  readonly #child: ChildProcess
  readonly #link: Downlink
  readonly #session: Session
  readonly #seats: Seats
  #state: 'starting' | 'up' | 'ended' = 'starting'
  /** Why it is being killed. */
  #fault: Error | undefined
  #silentTicks = 0
  readonly #pings: (() => void)[] = []
  #onUp: () => void = () => {}
  #onSettled: () => void = () => {}

  constructor(
    settings: WorkerSettings,
    switchboard: Switchboard,
    figures: Figures,
    limits: ConnectionLimits,
  ) {
    this.#seats = new Seats(limits)
    this.#child = fork(MAIN, { stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] })
    const limit = UNTAKEN + settings.config.server.maxEventBytes
    this.#link = new Link(linkOf(this.#child), (message) => this.#receive(message), limit)
    this.#link.onLife = () => this.#hear()
    this.#link.onOverflow = () => {
      this.#fault = new HubError('WORKER_FAILED', 'it did not take what it was told')
      this.kill()
    }
    this.#session = new Session(this.#link, switchboard, figures, this.#seats)
    this.ended = new Promise((resolve) => {
      this.#child.once('error', ({ message }) => resolve(`failed: ${message}`))
      this.#child.once('exit', (code, signal) => resolve(this.#reason(code, signal)))
    })
    this.ended.then(() => this.#end())
    const fails = this.ended.then((reason) => {
      throw this.#fault ?? new HubError('WORKER_FAILED', `a worker did not start: it ${reason}`)
    })
    this.up = Promise.race([
      fails,
      new Promise<void>((resolve) => {
        this.#onUp = resolve
      }),
    ])
    this.up.catch(() => {}) // who started it looks at how it ended
    this.#link.send({ kind: 'start', settings })
  }

  /** Its process's number; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  get connections(): number {
    return this.#seats.connections
  }

  get isReady(): boolean {
    return this.#state === 'up' && this.#silentTicks < PATIENCE.ready
  }

  admit(limit: number, sockets: readonly BoundSocket[]): void {
    const admission: Admission = { limit }
    if (this.limit !== undefined) this.#child.send(admission, () => {})
    else {
      for (const socket of sockets) {
        this.#child.send(admission, socket as unknown as SendHandle, {}, () => {})
      }
    }
    this.limit = limit
  }

  /** Resolves when it has told all that it had counted when this was called, or has ended. */
  ping(): Promise<void> {
    if (this.#state !== 'up') return Promise.resolve()
    this.#link.send({ kind: 'ping' })
    return new Promise((resolve) => this.#pings.push(resolve))
  }

  /** Lets it show another certificate. */
  renew(credentials: Credentials): void {
    this.#link.send({ kind: 'credentials', credentials })
  }

  /** Lets nobody wait for it if it has been silent for a while; kills it if that was long. */
  tick(): void {
    this.#silentTicks += 1
    const isUp = this.#state === 'up'
    if (this.#silentTicks >= PATIENCE.ready) {
      this.#link.isAwaited = false
      this.#session.release()
    }
    if (this.#silentTicks > (isUp ? PATIENCE.silent : PATIENCE.starting)) this.kill()
    else this.ping()
  }

  /** Lets it take no event any more; resolves when none is under way in it, or it has ended. */
  async settle(): Promise<void> {
    if (this.#state !== 'up') {
      this.kill()
      return
    }
    this.#link.send({ kind: 'settle' })
    await Promise.race([
      this.ended,
      new Promise<void>((resolve) => {
        this.#onSettled = resolve
      }),
    ])
  }

  /** Lets it end its streams, and itself. */
  end(): void {
    this.#link.send({ kind: 'end' })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #hear(): void {
    this.#silentTicks = 0
    this.#link.isAwaited = true
  }

  #receive(message: ToPrimary): void {
    switch (message.kind) {
      case 'up':
        this.#state = 'up'
        this.onChange()
        break
      case 'listening':
        this.#onUp()
        break
      case 'failed':
        this.#fault = toError(message.failure)
        this.kill()
        break
      case 'pong':
        this.#pings.shift()?.()
        break
      case 'moves':
        this.#seats.move(message.moves)
        this.onChange()
        break
      case 'full':
        this.limit = undefined
        this.onChange()
        break
      case 'settled':
        this.#onSettled()
        break
      default:
        this.#session.receive(message)
        if (message.kind === 'call' && message.name === 'enter') this.onChange()
    }
  }

  #end(): void {
    this.#state = 'ended'
    this.onChange()
    this.#link.close()
    this.#session.close()
    this.#seats.clear()
    for (const resolve of this.#pings.splice(0)) resolve()
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): string {
    if (this.#fault) return `failed: ${this.#fault.message}`
    return signal ? `was ended by ${signal}` : `ended with exit code ${code}`
  }
}

/** Where no more files may be open there is neither a process nor a way to it. */
function linkOf({ stdio }: { stdio?: ChildProcess['stdio'] }): Duplex {
  return (stdio?.[4] as Duplex | undefined) ?? new PassThrough().destroy()
}
