import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from './certificate.js'

/** An event as it was published, and how it is sent. */
interface Published {
  readonly id: string
  readonly frame: string
}

/**
 * What a stream is sent when an event is published; undefined cuts it off.
 *
 * @param count how many were published, this one with them
 * @param stream the number of the stream, from 0
 */
export type Conduct = (
  event: Published,
  count: number,
  before: readonly Published[],
  stream: number,
) => readonly string[] | undefined

/** An SSE server, one channel, in whose conduct a fault can be; resuming works. */
export class UnfaithfulServer {
  readonly #events: Published[] = []
  readonly #streams = new Set<ServerResponse>()
  readonly #numbers = new Map<ServerResponse, number>()
  readonly #conduct: Conduct
  readonly #scheme: string
  /** Resumed ids. */
  readonly resumed: string[] = []
  readonly #server: Server

  private constructor(conduct: Conduct, certificate?: Certificate) {
    this.#conduct = conduct
    this.#scheme = certificate ? 'https' : 'http'
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      if (request.method === 'POST') this.#publish(request, response)
      else this.#subscribe(request, response)
    }
    this.#server = certificate
      ? createSecureServer(
          { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) },
          answer,
        )
      : createServer(answer)
  }

  static async start(conduct: Conduct, certificate?: Certificate): Promise<UnfaithfulServer> {
    const server = new UnfaithfulServer(conduct, certificate)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #publish(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const { id, data } = JSON.parse(body) as { id: string; data: string }
    const before = [...this.#events]
    const event = { id, frame: `id: ${id}\r\ndata: ${data}\r\n\r\n` }
    this.#events.push(event)
    for (const stream of this.#streams) {
      const number = this.#numbers.get(stream) ?? 0
      const frames = this.#conduct(event, this.#events.length, before, number)
      if (frames) for (const frame of frames) stream.write(frame)
      else stream.destroy()
    }
    response.end('{}')
  }

  #subscribe({ headers }: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('retry: 1\n\n')
    this.#numbers.set(response, this.#numbers.size)
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
    const lastId = headers['last-event-id']
    if (typeof lastId !== 'string') return
    this.resumed.push(lastId)
    const known = this.#events.findIndex(({ id }) => id === lastId)
    for (const { frame } of this.#events.slice(known + 1)) response.write(frame)
  }
}
