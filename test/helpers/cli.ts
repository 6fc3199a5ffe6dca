import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { packageRoot } from './package-root.js'
import { endWithTest } from './process.js'

/** How a command ended, and what it wrote. */
interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv
  /** What it reads from standard input, which then ends. */
  readonly input?: string | Buffer
}

const RUN = join(packageRoot, 'bin/run.js')

/** What the user's own environment must not change. */
const NO_SETTINGS = {
  SSEHUB_URL: undefined,
  SSEHUB_TOKEN: undefined,
  SSEHUB_AUTH_KEY: undefined,
  SSEHUB_AUTH_KEYFILE: undefined,
  SSEHUB_CA: undefined,
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
  DEBUG: undefined,
}

/** Runs the built command line to its end. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<Finished> {
  return new RunningCli(process.execPath, [RUN, ...args], options).finished
}

/** Runs the built command line while it goes on. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  return new RunningCli(process.execPath, [RUN, ...args], options)
}

/** Runs a line of bash, in which `ssehub` is the built command line. */
export function bash(line: string, options: CliOptions = {}): Promise<Finished> {
  const script = `ssehub() { '${process.execPath}' '${RUN}' "$@"; }\n${line}`
  return new RunningCli('bash', ['-c', script], options).finished
}

/** A command that is running. */
class RunningCli {
  readonly finished: Promise<Finished>
  readonly #process: ChildProcess
  readonly #output = { stdout: '', stderr: '' }

  constructor(file: string, args: readonly string[], { env, input }: CliOptions) {
    const settings = { ...process.env, ...NO_SETTINGS, ...env }
    const child = endWithTest(spawn(file, args, { env: settings, detached: true }))
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        this.#output[name] += text
      })
    }
    child.stdin.on('error', () => {}) // a command need not read it
    child.stdin.end(input)
    this.#process = child
    this.finished = once(child, 'close').then(([code]) => ({ code, ...this.#output }))
  }

  /** Resolves once a stream has shown what is waited for; fails if the command ends before. */
  async shows(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    while (!pattern.test(this.#output[stream])) {
      const more = this.#process[stream] && once(this.#process[stream], 'data')
      const ended = this.finished.then((end) => {
        throw new Error(`ended without ${pattern}: ${JSON.stringify(end)}`)
      })
      await Promise.race([more, ended])
    }
  }

  /** Signals it and all that it has started. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.#process.pid as number), signal)
  }

  /** Signals it, and waits for its end. */
  end(signal: NodeJS.Signals = 'SIGINT'): Promise<Finished> {
    this.#process.kill(signal)
    return this.finished
  }
}
