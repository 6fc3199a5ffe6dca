import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { endWithRun } from './process.js'

export interface DaemonOptions {
  /** What it prints when it is ready. */
  readonly ready: RegExp
  readonly env?: NodeJS.ProcessEnv
}

/** A server in a process of its own, which ends with the last test at the latest. */
export class Daemon {
  readonly #process: ChildProcess
  readonly #closed: Promise<unknown>
  #isClosed = false
  #output = ''

  private constructor(process: ChildProcess) {
    this.#process = process
    this.#closed = new Promise((resolve) => process.once('close', resolve))
    process.once('close', () => {
      this.#isClosed = true
    })
    process.once('error', ({ message }) => {
      this.#output += message
    })
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
  }

  /** Starts a program, and waits until it is ready. */
  static async start(program: string, args: readonly string[], options: DaemonOptions) {
    const child = spawn(program, args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const daemon = new Daemon(endWithRun(child))
    await daemon.shows(options.ready)
    return daemon
  }

  get pid(): number {
    return this.#process.pid as number
  }

  get isRunning(): boolean {
    return !this.#isClosed
  }

  /** All that it has printed. */
  get output(): string {
    return this.#output
  }

  /**
   * Resolves once it has printed what is waited for; fails if it ends before.
   *
   * @param from where in `output` to look from; by default its beginning
   */
  async shows(pattern: RegExp, from = 0): Promise<void> {
    const { stdout, stderr } = this.#process
    while (!pattern.test(this.#output.slice(from))) {
      if (this.#isClosed) throw new Error(`it ended without ${pattern}:\n${this.#output}`)
      const wait = new AbortController()
      const { signal } = wait
      const more = [stdout, stderr].map((stream) => stream && once(stream, 'data', { signal }))
      await Promise.race([...more.filter((event) => event !== null), this.#closed])
      wait.abort()
    }
  }

  /** Signals it and all that it has started. */
  signal(name: NodeJS.Signals): void {
    if (!this.#isClosed) process.kill(-this.pid, name)
  }

  /** Ends it at once, and waits until it has ended. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.end()
  }

  /** Resolves when it has ended. */
  async end(): Promise<void> {
    await this.#closed
  }
}
