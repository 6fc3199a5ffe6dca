import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Certificate, makeCertificate } from './certificate.js'
import { Daemon } from './daemon.js'
import { freePort } from './port.js'
import { needProgram } from './program.js'
import { makeEnvironment } from './rabbitmq-environment.js'

/** Debian's own `rabbitmq-server` in PATH is for root only, and changes the user. */
const program = needProgram({
  names: ['rabbitmq-server'],
  package: 'rabbitmq-server',
  variable: 'SSEHUB_TEST_RABBITMQ_SERVER',
  folders: ['/usr/lib/rabbitmq/bin'],
})
const epmd = needProgram({
  names: ['epmd'],
  package: 'erlang-base',
  variable: 'SSEHUB_TEST_EPMD',
})

const run = promisify(execFile)

let own: Promise<RabbitServer> | undefined

/** The broker that tests share, which ends with the last of them. */
export async function sharedRabbitmq(): Promise<{ readonly url: string; readonly port: number }> {
  const { SSEHUB_TEST_AMQP_URL: url } = process.env
  return url ? { url, port: Number(new URL(url).port || 5672) } : ownRabbitmq()
}

/** A broker that tests share and may do everything to; it is to be left as it was. */
export function ownRabbitmq(): Promise<RabbitServer> {
  own ??= RabbitServer.start()
  return own
}

/** A RabbitMQ of the tests' own, on 127.0.0.1. */
export class RabbitServer {
  readonly url: string
  /** The same over TLS, with `certificate`. */
  readonly tlsUrl: string
  #broker: Daemon | undefined

  private constructor(
    readonly port: number,
    tlsPort: number,
    readonly certificate: Certificate,
    private readonly env: NodeJS.ProcessEnv,
    private readonly names: Daemon,
  ) {
    this.url = `amqp://guest:guest@127.0.0.1:${port}`
    this.tlsUrl = `amqps://guest:guest@127.0.0.1:${tlsPort}`
  }

  /** Starts a broker, which takes some seconds; it takes connections when this resolves. */
  static async start(): Promise<RabbitServer> {
    const certificate = await makeCertificate()
    const port = await freePort()
    const tlsPort = await freePort()
    const env = await makeEnvironment({ port, tlsPort, certificate })
    // The broker would start one itself, and leave it running.
    const names = await Daemon.start(epmd(), ['-d'], { env, ready: /epmd running/ })
    const server = new RabbitServer(port, tlsPort, certificate, env, names)
    await server.restart()
    return server
  }

  /** Runs rabbitmqctl; resolves with what it prints. */
  async ctl(...args: string[]): Promise<string> {
    const command = join(dirname(program()), 'rabbitmqctl')
    return (await run(command, ['--quiet', ...args], { env: this.env })).stdout
  }

  /** What it has logged. */
  log(): Promise<string> {
    const { RABBITMQ_LOG_BASE, RABBITMQ_NODENAME } = this.env
    return readFile(join(`${RABBITMQ_LOG_BASE}`, `${RABBITMQ_NODENAME}.log`), 'utf8')
  }

  /** Closes all connections, telling clients why. */
  async closeConnections(reason: string): Promise<void> {
    await this.ctl('close_all_connections', reason)
  }

  /** The broker goes away in good order, until `startApp`. */
  async stopApp(): Promise<void> {
    await this.ctl('stop_app')
  }

  async startApp(): Promise<void> {
    await this.ctl('start_app')
  }

  /** The broker has no memory left for what is published: connections are blocked. */
  async blockPublishers(): Promise<void> {
    await this.ctl('set_vm_memory_high_watermark', '0.0000001')
  }

  async unblock(): Promise<void> {
    await this.ctl('set_vm_memory_high_watermark', '0.4')
  }

  /** Makes it stop (SIGSTOP) and go on (SIGCONT). */
  signal(name: NodeJS.Signals): void {
    this.#broker?.signal(name)
  }

  /** Ends it as a crash does: what was made durable a moment ago may be lost. */
  async kill(): Promise<void> {
    await this.#broker?.kill()
  }

  /** Stops it in good order if it is running, and starts it on the same port and data. */
  async restart(): Promise<void> {
    if (this.#broker?.isRunning) {
      await this.ctl('stop')
      await this.#broker.end()
    }
    const ready = /Starting broker\.\.\. completed/
    this.#broker = await Daemon.start(program(), [], { env: this.env, ready })
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.kill()
    await this.names.kill()
  }
}
