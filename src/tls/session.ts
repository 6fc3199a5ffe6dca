import { constants, type ServerHttp2Session, type ServerOptions } from 'node:http2'
import type { Socket } from 'node:net'

/** How long a session may be without a request. */
export interface SessionLimits {
  /** Ms in which a new one has to be made use of. */
  readonly headTimeout: number
  /** Ms that one is kept open that nothing goes on in. */
  readonly keepAliveTimeout: number
  /** Ms that one which is to end is given to say so. */
  readonly goodbye: number
}

/** Streams of a session at once: a page has many, and all pages of a browser share a session. */
const MAX_STREAMS = 250

/** What Node lets through of a head at least; the server sees to the rest, as it can say why. */
const MIN_HEAD = 65_535

/** What an HTTP/2 server is held to. Floods of frames that ask for an answer Node ends by itself. */
export function http2Options(maxHeaderBytes: number): ServerOptions {
  return {
    settings: {
      maxConcurrentStreams: MAX_STREAMS,
      maxHeaderListSize: Math.max(MIN_HEAD, 2 * maxHeaderBytes),
    },
    maxHeaderListPairs: 1000,
  }
}

const { NGHTTP2_ENHANCE_YOUR_CALM: ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR: NO_ERROR } = constants

/** How many streams may be reset at once, and then in a second, as in CVE-2023-44487. */
const RESETS = { burst: 500, perSecond: 33 }

/** An HTTP/2 session: ends when it is not used, or misused. */
export class Session {
  readonly #http2: ServerHttp2Session
  readonly socket: Socket
  readonly #limits: SessionLimits
  #streams = 0
  #closing: NodeJS.Timeout
  #isMisused = false
  #resets = 0
  #resetAt = performance.now()

  /** @param socket its connection, which it would leave open if it cannot be written to any more */
  constructor(http2: ServerHttp2Session, socket: Socket, limits: SessionLimits) {
    this.#http2 = http2
    this.socket = socket
    this.#limits = limits
    this.#closing = this.#closeIn(limits.headTimeout)
    http2.on('stream', (stream) => {
      this.#streams += 1
      clearTimeout(this.#closing)
      stream.on('close', () => this.#onEnd(stream.rstCode))
    })
    socket.on('close', () => clearTimeout(this.#closing))
  }

  /** Whether it is to end because of what its client does; nothing it asks for is answered. */
  get isMisused(): boolean {
    return this.#isMisused
  }

  /** Takes no more streams; ends when those that are open have. */
  close(): void {
    this.#http2.close()
  }

  #onEnd(code: number): void {
    this.#streams -= 1
    if (code !== NO_ERROR && !this.#isMisused && this.#isFlood()) this.#breakOff()
    if (this.#streams > 0 || this.socket.destroyed) return
    clearTimeout(this.#closing)
    if (this.#http2.destroyed) this.#closing = this.#closeIn(0)
    else if (code === NO_ERROR) this.#closing = this.#closeIn(this.#limits.keepAliveTimeout)
    else this.#askWhetherItReads()
  }

  /** Not at once: Node may be in the middle of its frames, and ends the process if it is. */
  #breakOff(): void {
    this.#isMisused = true
    setImmediate(() => {
      this.#http2.destroy(new Error('streams are reset too fast'), ENHANCE_YOUR_CALM)
      clearTimeout(this.#closing)
      this.#closing = this.#closeIn(0)
    })
  }

  /** One whose last stream was broken off may hold what that was sent, and never read it. */
  #askWhetherItReads(): void {
    const { goodbye, keepAliveTimeout } = this.#limits
    const closing = setTimeout(() => this.socket.destroy(), goodbye).unref()
    this.#closing = closing
    const keep = (): void => {
      if (this.#closing !== closing || this.#streams > 0) return
      clearTimeout(closing)
      this.#closing = this.#closeIn(keepAliveTimeout)
    }
    const isAsked = this.#http2.ping((error: Error | null) => {
      if (!error) keep()
    })
    if (!isAsked) keep() // it has been asked often
  }

  #isFlood(): boolean {
    const now = performance.now()
    const forgiven = ((now - this.#resetAt) / 1000) * RESETS.perSecond
    this.#resets = Math.max(0, this.#resets - forgiven) + 1
    this.#resetAt = now
    return this.#resets > RESETS.burst
  }

  #closeIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#http2.close()
      this.#closing = setTimeout(() => this.socket.destroy(), this.#limits.goodbye).unref()
    }, ms).unref()
  }
}
