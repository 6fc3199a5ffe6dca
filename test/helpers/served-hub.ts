import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { HubClient } from './hub-client.js'
import { packageRoot } from './package-root.js'
import { endWithTest } from './process.js'

/** A hub that `ssehub serve` runs, in a process of its own. */
export class ServedHub extends HubClient {
  /** What it printed before it listened. */
  readonly banner: readonly string[]
  readonly #process: ChildProcess

  private constructor(url: string, banner: readonly string[], process: ChildProcess) {
    super(url)
    this.banner = banner
    this.#process = process
  }

  /** @param args of `ssehub serve`; it takes a free port unless they say otherwise */
  static async start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ServedHub> {
    const port = args.includes('--port') ? [] : ['--port', '0']
    const command = [join(packageRoot, 'bin/run.js'), 'serve', '--host', '127.0.0.1']
    const child = endWithTest(
      spawn(process.execPath, [...command, ...port, ...args], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
    )
    let errors = ''
    child.stderr.on('data', (text) => {
      errors += text
    })
    const banner: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      banner.push(line)
      const [, url] = /^listening on (\S+)$/.exec(line) ?? []
      if (url) return new ServedHub(url, banner, child)
    }
    throw new Error(`the hub did not start:\n${banner.join('\n')}\n${errors}`)
  }

  /** @param settings what its configuration file holds; it lies in `folder`, as does its store */
  static async startWith(settings: object, folder: string, args: readonly string[] = []) {
    const file = join(folder, 'config.json')
    await writeFile(file, JSON.stringify({ leveldb: { storageDir: folder }, ...settings }))
    return ServedHub.start(['--config', file, ...args])
  }

  get pid(): number {
    return this.#process.pid as number
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
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
