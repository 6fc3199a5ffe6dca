import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { trustingFetch } from '../../src/client/trusting-fetch.js'
import type { Stats } from '../../src/stats.js'
import { OpenStream } from './open-stream.js'

/** What a hub answers to a publish: what the event became, or what is wrong with it. */
export interface Answer {
  readonly channel: string
  readonly id: string | null
  readonly sequence: number
  readonly subscribers: number
  readonly statusCode: number
  readonly error: string
  readonly message: string
}

export async function answerOf(response: Response): Promise<Answer> {
  return (await response.json()) as Answer
}

/** Talks to a hub over real sockets, byte by byte where that is the point. */
export class HubClient {
  readonly #streams = new Set<OpenStream>()

  /** @param ca the certificates that it trusts, where the URL is https */
  constructor(
    readonly url: string,
    readonly ca = '',
  ) {}

  get port(): number {
    return Number(new URL(this.url).port)
  }

  async publish(channel: string, event: unknown, init: RequestInit = {}): Promise<Response> {
    const body = typeof event === 'string' ? event : JSON.stringify(event)
    return this.fetch(channel, { method: 'POST', body, ...init })
  }

  async stats(): Promise<Stats> {
    return (await this.fetch('stats')).json() as Promise<Stats>
  }

  /** The figures, by a connection that is gone after it: it takes nobody's place for long. */
  async statsOnce(): Promise<Stats> {
    const answer = await this.raw('GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
  }

  fetch(target: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(`${this.url}/${target}`)
    return this.ca
      ? trustingFetch(url, init as RequestInit & { body?: string }, this.ca)
      : fetch(url, init)
  }

  /** Opens a stream, and waits for its first bytes. */
  async subscribe(target: string, headers: Record<string, string> = {}): Promise<OpenStream> {
    const stream = new OpenStream(this.connect(), `/${target}`, headers)
    this.#streams.add(stream)
    await stream.until((text) => text.includes(':ok\n\n'))
    return stream
  }

  /** Sends bytes as they are; resolves with all that comes back until the hub ends. */
  async raw(bytes: string | Buffer): Promise<string> {
    const socket = this.connect()
    socket.write(bytes)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString()
  }

  /** Sends the head of a publish, and waits until the hub has read it and wants the body. */
  async beginPublish(channel: string, length: number): Promise<Socket> {
    const socket = this.connect()
    const head = [
      'Host: x',
      'Connection: close',
      'Expect: 100-continue',
      `Content-Length: ${length}`,
    ]
    socket.write(`POST /${channel} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`)
    await once(socket, 'data')
    return socket
  }

  connect(): Socket {
    const target = { port: this.port, host: new URL(this.url).hostname }
    return this.ca ? connectSecurely({ ...target, ca: this.ca }) : connect(target)
  }

  closeStreams(): void {
    for (const stream of this.#streams) stream.close()
    this.#streams.clear()
  }
}
