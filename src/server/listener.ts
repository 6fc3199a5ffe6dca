import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type ServerOpts, type Socket } from 'node:net'
import { BACKLOG, cannotListen } from './listening.js'

/** Takes connections on a port, and hands them on. */
export class Listener {
  readonly #options: ServerOpts
  readonly #onConnection: (socket: Socket) => void
  /** One for each address. */
  readonly #servers: Server[] = []

  constructor(options: ServerOpts, onConnection: (socket: Socket) => void) {
    this.#options = options
    this.#onConnection = onConnection
  }

  /**
   * @returns where it takes them
   * @throws {HubError} `ADDRESS_UNAVAILABLE`
   */
  async listen(port: number, host: string): Promise<AddressInfo> {
    try {
      const first = await this.#open(port, host)
      // Of this name both addresses are meant, as far as there are two.
      const all = host === 'localhost' ? await lookup(host, { all: true }) : []
      for (const { address } of all) {
        if (address !== first.address) await this.#open(first.port, address).catch(() => {})
      }
      return first
    } catch (error) {
      throw cannotListen(host, port, error)
    }
  }

  close(): void {
    for (const server of this.#servers) server.close()
  }

  async #open(port: number, host: string): Promise<AddressInfo> {
    const server = createServer({ ...this.#options, noDelay: true }, this.#onConnection)
    await once(server.listen(port, host, BACKLOG), 'listening')
    server.on('error', () => {}) // a connection could not be taken
    this.#servers.push(server)
    return server.address() as AddressInfo
  }
}
