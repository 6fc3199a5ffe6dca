import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came. */
interface Call {
  readonly method: string
  /** With the query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Answers a request; `count` is how many have come to this path, this one with them. */
type Answer = (response: ServerResponse, call: Call, count: number) => void

/** A real HTTP server that plays the hub: each path is good for one behaviour, mostly a bad one. */
export class FakeHub {
  readonly calls: Call[] = []
  port = 0
  readonly #server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const { method = '', url = '', headers } = request
    this.#answer({ method, url, headers, body }, response)
  })
  readonly #arrivals = new EventEmitter()

  /** @param port to play a hub that comes back; 0 takes a free one */
  static async start(port = 0): Promise<FakeHub> {
    const hub = new FakeHub()
    hub.#server.listen(port, '127.0.0.1')
    await once(hub.#server, 'listening')
    hub.port = (hub.#server.address() as AddressInfo).port
    return hub
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What has come to a path. */
  callsTo(path: string): Call[] {
    return this.calls.filter(({ url }) => url.split('?')[0] === path)
  }

  /** Resolves with what has come to a path, once that many have. */
  async waitForCalls(path: string, count: number): Promise<Call[]> {
    while (this.callsTo(path).length < count) await once(this.#arrivals, 'call')
    return this.callsTo(path)
  }

  /** Ends at once, as by `kill -9`. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #answer(call: Call, response: ServerResponse): void {
    this.calls.push(call)
    const path = call.url.split('?')[0] ?? ''
    const answer = ANSWERS[`${call.method} ${path}`] ?? ANSWERS[`${call.method} *`]
    answer?.(response, call, this.callsTo(path).length)
    this.#arrivals.emit('call')
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function refuse(response: ServerResponse, statusCode: number, message: string): void {
  json(response, statusCode, { statusCode, error: 'Error', message })
}

function proxyError(response: ServerResponse): void {
  response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>no hub here</h1>')
}

/** A page that goes on for ever. */
function page(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' }).write('<h1>no hub here</h1>')
}

function stream(response: ServerResponse, ...frames: string[]): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(`:ok\n\nretry: 10\n\n${frames.map((frame) => `${frame}\n\n`).join('')}`)
  return response
}

/** The event that comes after the one that the client says it saw. */
function next({ headers }: Call): string {
  const id = Number(headers['last-event-id'] ?? 0) + 1
  return `id: ${id}\ndata: event ${id}`
}

const PUBLISH: Answer = (response, { url, body }, count) => {
  const { id } = JSON.parse(body) as { id?: string | number }
  const channel = decodeURIComponent(url.slice(1))
  json(response, 200, { channel, id: id?.toString() ?? null, sequence: count, subscribers: 3 })
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  'POST *': PUBLISH,
  'POST /refused': (response) => refuse(response, 400, 'invalid event: "data" is missing'),
  'POST /refuses-the-third': (response, call, count) =>
    count === 3 ? refuse(response, 413, 'it is too large') : PUBLISH(response, call, count),
  'POST /hangs-at-the-third': (response, call, count) => {
    if (count < 3) PUBLISH(response, call, count)
  },
  'POST /failing': (response) => refuse(response, 500, 'the hub failed; see its log'),
  'POST /proxied': proxyError,
  'POST /moved': (response) => response.writeHead(301, { location: 'https://else.test/' }).end(),
  'POST /not-a-hub': (response) => response.end('hello'),
  'POST /resets': (response) => response.destroy(),
  'POST /hangs': () => {},
  'POST /hangs-midway': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"channel":')
  },
  'POST /page': (response) => page(response, 200),
  'POST /login': (response) => page(response, 401),

  'GET *': (response) => refuse(response, 404, 'Channel does not exist.'),
  'GET /silent': (response) => stream(response),
  'GET /three': (response) =>
    stream(response, 'id: 1\ndata: one', 'event: note\ndata: two', 'id: 3\ndata: thr\ndata: ee'),
  'GET /odd-types': (response) =>
    stream(response, ...['open', 'error', 'message', 'ping'].map((t) => `event: ${t}\ndata: x`)),
  'GET /pings': (response) => stream(response, 'event: ping\ndata:', 'data: one'),
  'GET /gap': (response) =>
    stream(
      response,
      'event: ssehub.gap\ndata: {"channel":"gap","requested":"5","oldest":"17","newest":"40","reason":"unknown-id"}',
      'id: 17\ndata: first held',
    ),
  'GET /escapes': (response) => stream(response, 'data: \x1b[2Jgone\x07'),
  'GET /endless': (response) => {
    const timer = setInterval(() => response.write('data: more\n\n'), 5)
    stream(response).on('close', () => clearInterval(timer))
  },
  'GET /counter': (response, call) => stream(response, next(call)),
  'GET /ends-after-one': (response, call) => stream(response, next(call)).end(),
  'GET /proxied': proxyError,
  'GET /proxied-for-a-while': (response, call, count) =>
    count === 2 || count === 3 ? proxyError(response) : stream(response, next(call)).end(),
  'GET /busy-for-a-while': (response, call, count) =>
    count === 2 ? refuse(response, 429, 'too many at once') : stream(response, next(call)).end(),
  'GET /deleted-later': (response, call, count) =>
    count === 1 ? stream(response, next(call)).end() : refuse(response, 404, 'it was deleted'),
  'GET /not-a-stream': (response) => response.end('hello'),
  'GET /hangs': () => {},

  'GET /stats': (response, _call, count) =>
    json(response, 200, {
      global: { uptime: '00:01:40', clients: 3, broadcasted_events: 1200, channels: 2 },
      channels: [
        { id: 'news/sport', clients: 3, broadcasted_events: 1195, total_connects: count },
        { id: 'a', clients: 0, broadcasted_events: 5, total_connects: 10 },
      ],
    }),
  'GET /three/stats': (response) => stream(response),
  'GET /-/history/test': (response) =>
    json(response, 200, {
      channel: 'test',
      epoch: 'e1',
      sequence: 9,
      events: [
        { sequence: 7, id: '12345678901234567890', event: null, data: 'a\nb', time: 0 },
        { sequence: 9, id: 'x', event: 'note', retry: 500, data: '{}', time: 1000 },
      ],
    }),
  'GET /-/history/empty': (response) =>
    json(response, 200, { channel: 'empty', epoch: 'e1', sequence: 0, events: [] }),
}
