import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { FaultProxy } from '../../helpers/fault-proxy.js'
import { makeFolder } from '../../helpers/folder.js'
import { freePort } from '../../helpers/port.js'
import { ServedHub } from '../../helpers/served-hub.js'

/** Ms in which a hub has to start again, whatever was done to it. */
const PATIENCE = 30_000

/** What makes its clock one that can be set. */
const CLOCK = new URL('shifted-clock.js', import.meta.url).href

/** A hub in a process of its own, which faults happen to; its clients reach it by a proxy. */
export class StagedHub {
  /** What no fault can explain: ends that nobody asked for, and fatal errors in its log. */
  readonly failures: string[] = []
  readonly #settings: object
  readonly #folder: string
  readonly #clean: () => Promise<void>
  #served: ServedHub | undefined

  private constructor(
    readonly name: string,
    readonly port: number,
    /** Between it and its clients. */
    readonly proxy: FaultProxy,
    settings: object,
    { folder, clean }: { folder: string; clean: () => Promise<void> },
  ) {
    this.#settings = settings
    this.#folder = folder
    this.#clean = clean
  }

  /** @param settings what its configuration file holds */
  static async start(name: string, settings: object): Promise<StagedHub> {
    const port = await freePort()
    const proxy = await FaultProxy.start(`http://127.0.0.1:${port}`)
    const hub = new StagedHub(name, port, proxy, settings, await makeFolder())
    await hub.start()
    return hub
  }

  /** Its address past the proxy. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Its address for clients. */
  get proxied(): string {
    return `http://127.0.0.1:${this.proxy.port}`
  }

  get served(): ServedHub {
    if (!this.#served) throw new Error(`${this.name} is not running`)
    return this.#served
  }

  /** All of its processes; those of workers by its log. */
  get pids(): number[] {
    return [this.served.pid, ...this.served.workers]
  }

  async start(): Promise<void> {
    const limit = performance.now() + PATIENCE
    for (;;) {
      try {
        const args = ['--port', `${this.port}`]
        const { NODE_OPTIONS: options = '' } = process.env
        this.#served = await ServedHub.startWith(this.#settings, this.#folder, args, undefined, {
          NODE_OPTIONS: `${options} --import=${CLOCK}`,
          SSEHUB_TEST_CLOCK: this.#clock,
        })
        this.#watch(this.#served)
        return
      } catch (error) {
        // Another fault may be in force, such as a disk that is full.
        if (performance.now() > limit) throw error
        await pause(200)
      }
    }
  }

  /** Sets its clock so many ms ahead of the time, or back where that is less than 0. */
  async setClock(ahead: number): Promise<void> {
    await writeFile(this.#clock, `${ahead}`)
    for (const pid of this.pids) {
      try {
        process.kill(pid, 'SIGUSR2')
      } catch {
        // a worker that is no more; the next one finds the clock as it is
      }
    }
  }

  get #clock(): string {
    return join(this.#folder, 'clock')
  }

  /** Ends it with a signal, and waits until it has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const served = this.#served
    this.#served = undefined
    if (!served) return
    served.signal(signal)
    await served.exit()
    for (const { level, msg } of served.log) {
      if (Number(level) >= 60) this.failures.push(`${this.name} logged: ${msg}`)
    }
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.end('SIGTERM')
    await this.proxy.stop()
    await this.#clean()
  }

  #watch(served: ServedHub): void {
    served.exit().then((code) => {
      if (this.#served !== served) return
      const last = JSON.stringify(served.log.slice(-3))
      this.failures.push(`${this.name} ended by itself with ${code}: ${last}`)
    })
  }
}
