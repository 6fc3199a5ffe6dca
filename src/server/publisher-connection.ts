import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Answer, encodeAnswer } from './answer.js'
import type { ServerContext } from './context.js'
import { corsHeaders } from './cors.js'
import { failureAnswer } from './failures.js'
import { CLOSE } from './head.js'
import { type HubRequest, plainHubRequest } from './hub-request.js'
import { endGently } from './linger.js'
import { type PlainRequest, parsePlainRequest } from './plain-request.js'
import { admitPublish, publish } from './publish.js'

/** Whether a request is one to publish; those with a query are few, and left to HTTP. */
export function isPublish(request: PlainRequest | undefined): request is PlainRequest {
  return request?.method === 'POST' && !request.url.includes('?')
}

/**
 * A connection that publishes, one plain request after another. With the first thing on it that is
 * anything else it goes to HTTP, for good.
 */
export class PublisherConnection {
  readonly #socket: Socket
  readonly #context: ServerContext
  readonly #keepAlive: Readonly<Record<string, string>>
  readonly #toHttp: (bytes: Buffer) => void
  /** What has come behind the request that is under way. */
  #behind: Buffer[] = []
  #isBusy = false
  /** Whether its client has to take an answer before anything else. */
  #isHeldUp = false
  /** Whether its client has ended its side. */
  #hasEnded = false
  /** Whether it takes no further request. */
  #isLast = false

  /**
   * @param timeout ms that it may be idle
   * @param toHttp takes it over, with what has come last
   */
  constructor(
    socket: Socket,
    timeout: number,
    context: ServerContext,
    toHttp: (bytes: Buffer) => void,
  ) {
    this.#socket = socket
    this.#context = context
    this.#keepAlive = { Connection: 'keep-alive', 'Keep-Alive': `timeout=${timeout / 1000}` }
    this.#toHttp = toHttp
    context.streams.begin(socket)
    socket.setTimeout(timeout).on('timeout', this.#onTimeout)
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose)
  }

  /** Answers a request, and then what has come behind it. */
  async answer(request: PlainRequest): Promise<void> {
    this.#isBusy = true
    const answer = await this.#respond(request)
    await nextTurn() // answers that go out together wake a publisher once
    this.#isLast ||= isLast(request, answer)
    const headers = { ...answer.headers, ...(this.#isDone ? CLOSE : this.#keepAlive) }
    const hasRoom = this.#socket.write(encodeAnswer({ ...answer, headers }))
    if (hasRoom || this.#isDone) {
      this.#goOn()
    } else {
      this.#isHeldUp = true
      this.#socket.once('drain', () => this.#goOn())
    }
  }

  /** Takes no further request. */
  end(): void {
    this.#isLast = true
    if (!this.#isBusy) this.#socket.destroySoon()
  }

  /** Whether nothing comes behind the request that is under way. */
  get #isDone(): boolean {
    return this.#isLast || (this.#hasEnded && this.#behind.length === 0)
  }

  #goOn(): void {
    this.#isHeldUp = false
    if (this.#isDone) {
      endGently(this.#socket)
      return
    }
    this.#isBusy = false
    if (this.#behind.length === 0) return
    const bytes = Buffer.concat(this.#behind)
    this.#behind = []
    this.#socket.resume()
    this.#onData(bytes)
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#isLast) return
    if (this.#isBusy) {
      this.#behind.push(bytes)
      this.#socket.pause()
      return
    }
    const request = parsePlainRequest(bytes, this.#context.config.server.maxHeaderBytes)
    if (isPublish(request)) this.answer(request)
    else this.#leave(bytes)
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true
    if (!this.#isBusy) this.#socket.destroySoon()
  }

  readonly #onTimeout = (): void => {
    if (!this.#isBusy || this.#isHeldUp) this.#socket.destroy()
  }

  readonly #onClose = (): void => {
    this.#context.streams.end(this.#socket)
  }

  #leave(bytes: Buffer): void {
    this.#context.streams.end(this.#socket)
    this.#socket
      .setTimeout(0)
      .off('timeout', this.#onTimeout)
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onClose)
    this.#toHttp(bytes)
  }

  /** What a request is answered; never rejects. */
  async #respond(plain: PlainRequest): Promise<Answer> {
    const { publishes, trustedProxies } = this.#context
    let request: HubRequest | undefined
    publishes.begin(plain)
    try {
      request = plainHubRequest(plain, this.#socket, trustedProxies)
      const publisher = await admitPublish(request, this.#context)
      const published = await publish(request, publisher, plain.body, this.#context)
      return { statusCode: 200, headers: corsHeaders(request, this.#context), body: published }
    } catch (error) {
      return failureAnswer(error, request, this.#context)
    } finally {
      publishes.end(plain)
    }
  }
}

function isLast({ headers }: PlainRequest, answer: Answer): boolean {
  return headers.connection?.toLowerCase() === 'close' || answer.headers.Connection === 'close'
}
