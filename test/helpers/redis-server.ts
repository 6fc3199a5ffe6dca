import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import type { Certificate } from './certificate.js'
import { Daemon } from './daemon.js'
import { makeFolderOfRun } from './folder.js'
import { freePort } from './port.js'
import { needProgram } from './program.js'

export interface RedisOptions {
  /** What comes first on its command line: `['--maxmemory', '3mb']`, or a file. */
  readonly args?: readonly string[]
  /** Whether every write is on disk before it is answered. */
  readonly appendOnly?: boolean
  readonly port?: number
  /** Where its data lies, and is found by a restart. */
  readonly folder?: string
  /** With one it talks TLS, and nothing else. */
  readonly certificate?: Certificate
  readonly password?: string
  /** Who may log in with the password, and nobody else. */
  readonly user?: string
  /** What it prints when it is ready. */
  readonly ready?: RegExp
}

const program = needProgram({
  names: ['redis-server'],
  package: 'redis-server',
  variable: 'SSEHUB_TEST_REDIS_SERVER',
})

let shared: Promise<RedisServer> | undefined

/** The URL of the server that tests share, which ends with the last of them. */
export async function sharedRedis(): Promise<string> {
  const { SSEHUB_TEST_REDIS_URL: url } = process.env
  if (url) return url
  shared ??= startRedis()
  return (await shared).url
}

/** Starts a server that only the caller has; it answers when this resolves. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const server = new RedisServer({
    ...options,
    port: options.port ?? (await freePort()),
    folder: options.folder ?? makeFolderOfRun(),
  })
  await server.restart()
  return server
}

/** A Redis of a test's own, on 127.0.0.1. */
export class RedisServer {
  readonly url: string
  readonly port: number
  readonly #options: RedisOptions
  readonly #args: readonly string[]
  #daemon: Daemon | undefined

  constructor(options: RedisOptions & { readonly port: number; readonly folder: string }) {
    const { port, certificate, user = '', password } = options
    const login = password === undefined ? '' : `${user}:${password}@`
    this.url = `${certificate ? 'rediss' : 'redis'}://${login}127.0.0.1:${port}`
    this.port = port
    this.#options = options
    this.#args = argsOf(options)
  }

  /** All that it has printed since it was started. */
  get output(): string {
    return this.#daemon?.output ?? ''
  }

  /** Resolves once it has printed what is waited for, from a place in `output` on. */
  async shows(pattern: RegExp, from = 0): Promise<void> {
    await this.#daemon?.shows(pattern, from)
  }

  /** Sends a command, over a connection of its own; fails with what the server answers. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const { certificate, user, password } = this.#options
    const client = new Redis({
      port: this.port,
      host: '127.0.0.1',
      ...(user && { username: user }),
      ...(password && { password }),
      ...(certificate && { tls: { ca: readFileSync(certificate.ca) } }),
      lazyConnect: true,
      retryStrategy: null,
      enableReadyCheck: false,
    })
    client.on('error', () => {}) // what it answers to is told to its caller
    try {
      await client.connect()
      return await client.call(name, args)
    } finally {
      client.disconnect()
    }
  }

  /** Makes it stop (SIGSTOP) and go on (SIGCONT). */
  signal(name: NodeJS.Signals): void {
    this.#daemon?.signal(name)
  }

  /** Ends it as a crash does; its data stays. */
  async kill(): Promise<void> {
    await this.#daemon?.kill()
  }

  /** Starts it again as it was, on the same port and data. */
  async restart(): Promise<void> {
    await this.kill()
    const { ready = /Ready to accept connections/ } = this.#options
    this.#daemon = await Daemon.start(program(), this.#args, { ready })
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.kill()
  }
}

function argsOf(options: RedisOptions): string[] {
  const { args = [], appendOnly, port, folder, certificate, password, user } = options
  const own = ['--bind', '127.0.0.1', '--dir', `${folder}`, '--save', '']
  const listen = certificate
    ? [
        ...['--port', '0', '--tls-port', `${port}`, '--tls-auth-clients', 'no'],
        ...['--tls-cert-file', certificate.cert, '--tls-key-file', certificate.key],
        ...['--tls-ca-cert-file', certificate.ca],
      ]
    : ['--port', `${port}`]
  const disk = appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []
  const login = password === undefined ? [] : loginArgs(password, user)
  return [...args, ...own, ...listen, ...disk, ...login]
}

function loginArgs(password: string, user: string | undefined): string[] {
  if (!user) return ['--requirepass', password]
  return [
    ...['--user', user, 'on', `>${password}`, '~*', '&*', '+@all'],
    ...['--user', 'default', 'off'],
  ]
}
