import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2'
import { connect as connectSecurely, type TLSSocket } from 'node:tls'
import { createParser } from 'eventsource-parser'
import type { StreamEvent } from './stream.js'
import { until } from './until.js'

/** An answer over HTTP/2, as it comes. */
export class Http2Exchange {
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {}
  body = ''
  readonly events: StreamEvent[] = []
  isClosed = false
  error: unknown

  constructor(readonly stream: ClientHttp2Stream) {
    const parser = createParser({
      onEvent: ({ id, event, data }) => this.events.push({ id, event, data }),
    })
    stream.setEncoding('utf8')
    stream.on('response', (headers) => {
      this.headers = headers
    })
    stream.on('data', (chunk: string) => {
      this.body += chunk
      parser.feed(chunk)
    })
    stream.on('error', (error) => {
      this.error = error
    })
    stream.on('close', () => {
      this.isClosed = true
    })
  }

  get status(): number | undefined {
    return this.headers[':status']
  }

  get ids(): (string | undefined)[] {
    return this.events.map(({ id }) => id)
  }

  /** Resolves when the body is as wanted; rejects if the stream ends before that. */
  async until(isWanted: (body: string) => boolean): Promise<void> {
    await until(() => isWanted(this.body) || this.isClosed)
    if (!isWanted(this.body)) {
      throw new Error(`the stream ended: ${JSON.stringify(this.headers)} ${this.body}`)
    }
  }

  async count(events: number): Promise<StreamEvent[]> {
    await this.until(() => this.events.length >= events)
    return this.events
  }

  /** Resolves when the hub has ended the stream. */
  async end(): Promise<void> {
    await until(() => this.isClosed)
  }

  /** As a browser does that closes it. */
  close(): void {
    this.stream.close(constants.NGHTTP2_CANCEL)
  }
}

/** One HTTP/2 connection to a hub. */
export class Http2Client {
  isClosed = false
  /** The codes of the GOAWAY frames that have come. */
  readonly goaways: number[] = []

  private constructor(
    readonly session: ClientHttp2Session,
    private readonly socket: TLSSocket,
  ) {
    session.on('error', () => {}) // 'close' follows
    session.on('goaway', (code) => this.goaways.push(code))
    session.on('close', () => {
      this.isClosed = true
    })
  }

  static async connect(
    { url, ca }: { url: string; ca: string },
    options: ClientSessionOptions & SecureClientSessionOptions = {},
  ): Promise<Http2Client> {
    const { hostname: host, port } = new URL(url)
    const settings = { host, port: Number(port), ca, ALPNProtocols: ['h2'], ...options }
    const socket = connectSecurely(settings)
    const session = connect(url, { ...options, createConnection: () => socket })
    await once(session, 'connect')
    return new Http2Client(session, socket)
  }

  request(headers: OutgoingHttpHeaders, body?: string | Buffer): Http2Exchange {
    const stream = this.session.request(headers, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    return new Http2Exchange(stream)
  }

  /** The whole answer to a request. */
  async fetch(headers: OutgoingHttpHeaders, body?: string | Buffer): Promise<Http2Exchange> {
    const exchange = this.request(headers, body)
    await exchange.end()
    return exchange
  }

  publish(channel: string, event: object): Promise<Http2Exchange> {
    return this.fetch({ ':method': 'POST', ':path': `/${channel}` }, JSON.stringify(event))
  }

  /** Opens a stream, and waits for its first bytes. */
  async subscribe(target: string, headers: OutgoingHttpHeaders = {}): Promise<Http2Exchange> {
    const exchange = this.request({ ':path': `/${target}`, ...headers })
    await exchange.until((body) => body.includes(':ok\n\n'))
    return exchange
  }

  close(): void {
    this.session.destroy()
    this.socket.destroy() // a session that the hub has ended in an error leaves it
  }
}
