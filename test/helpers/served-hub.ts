import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { HubClient } from './hub-client.js'
import { packageRoot } from './package-root.js'
import { endWithTest } from './process.js'

/** With SSEHUB_TEST_WORKERS hubs have that many workers, unless their own environment says more. */
function ofRun(): NodeJS.ProcessEnv {
  const { SSEHUB_TEST_WORKERS: workers } = process.env
  return workers ? { SSEHUB_SERVER_WORKERS: workers } : {}
}

/** A hub that `ssehub serve` runs, in a process of its own. */
export class ServedHub extends HubClient {
  /** What it printed before it listened. */
  readonly banner: readonly string[]
  /** What it has logged, an object a line. */
  readonly log: Record<string, unknown>[] = []
  readonly #process: ChildProcess
  readonly #onLog = new Set<() => void>()

  private constructor(url: string, banner: readonly string[], process: ChildProcess, ca?: string) {
    super(url, ca)
    this.banner = banner
    this.#process = process
  }

  /**
   * @param args of `ssehub serve`; it takes a free port unless they say otherwise
   * @param ca the certificates that it is trusted by, if it talks TLS
   * @param end sees to it that it ends in time
   */
  static async start(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    ca?: string,
    end = endWithTest,
  ): Promise<ServedHub> {
    const port = args.includes('--port') ? [] : ['--port', '0']
    const command = [join(packageRoot, 'bin/run.js'), 'serve', '--host', '127.0.0.1']
    const child = end(
      spawn(process.execPath, [...command, ...port, ...args], {
        env: { ...process.env, ...ofRun(), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
    )
    let hub: ServedHub | undefined
    const lines: string[] = []
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      if (hub) hub.#read(line)
    })
    const banner: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      banner.push(line)
      const [, url] = /^listening on (\S+)$/.exec(line) ?? []
      if (!url) continue
      hub = new ServedHub(url, banner, child, ca)
      for (const logged of lines) hub.#read(logged)
      return hub
    }
    throw new Error(`the hub did not start:\n${[...banner, ...lines].join('\n')}`)
  }

  /** @param settings what its configuration file holds; it lies in `folder`, as does its store */
  static async startWith(
    settings: object,
    folder: string,
    args: readonly string[] = [],
    ca?: string,
    env: NodeJS.ProcessEnv = {},
    end = endWithTest,
  ): Promise<ServedHub> {
    const file = join(folder, 'config.json')
    await writeFile(file, JSON.stringify({ leveldb: { storageDir: folder }, ...settings }))
    return ServedHub.start(['--config', file, ...args], env, ca, end)
  }

  #read(line: string): void {
    if (line.startsWith('{')) this.log.push(JSON.parse(line))
    for (const resolve of this.#onLog) resolve()
    this.#onLog.clear()
  }

  get pid(): number {
    return this.#process.pid as number
  }

  /** The processes of its workers, by their number. */
  get workers(): number[] {
    const pids: number[] = []
    for (const { worker, process } of this.log) {
      if (process !== undefined) pids[Number(worker) - 1] = Number(process)
    }
    return pids
  }

  /** Resolves when its log is as wanted. */
  async logs(isWanted: () => boolean): Promise<void> {
    while (!isWanted()) await new Promise<void>((resolve) => this.#onLog.add(resolve))
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** Signals it and its workers, as Ctrl-C does on a terminal. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-this.pid, name)
  }

  /** Resolves with its exit code when it has ended; null if a signal ended it. */
  async exit(): Promise<number | null> {
    const { exitCode, signalCode } = this.#process
    if (exitCode !== null || signalCode !== null) return exitCode
    return (await once(this.#process, 'exit'))[0]
  }

  async kill(): Promise<void> {
    this.closeStreams()
    this.signal('SIGKILL')
    await this.exit()
  }
}
