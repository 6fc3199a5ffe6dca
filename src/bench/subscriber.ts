import type { Socket } from 'node:net'
import { HubError, messageOf, reasonOf } from '../errors.js'
import { type AnswerListener, AnswerReader, type Head } from './answer-reader.js'
import { now } from './clock.js'
import { CHANNEL, connectTo, type Endpoint, refusalOf } from './endpoint.js'
import { type EventListener, EventReader } from './event-reader.js'
import type { Ledger } from './ledger.js'
import type { StampFormat } from './stamp.js'

/** Where subscribers read to, one after another; Windows reads into all of them at once. */
const SHARED = process.platform === 'win32' ? undefined : Buffer.allocUnsafe(65_536)

/** Ms after which a client comes back, at most, if the server has not said. */
const RETRY = 1000

/** What goes wrong with this machine rather than with the hub. */
const OWN_FAULTS: Readonly<Record<string, string>> = {
  EMFILE:
    'this process may not open more files; raise the limit (ulimit -n), or take more --processes',
  ENFILE: 'this machine may not open more files (sysctl fs.file-max)',
  EADDRNOTAVAIL:
    'this machine has no more ports for connections to that address (sysctl net.ipv4.ip_local_port_range)',
}

/** What subscribers share. */
export interface Surroundings {
  readonly endpoint: Endpoint
  /** Lines of the head of every request, each with its CRLF. */
  readonly headers: string
  readonly format: StampFormat
  /** A subscriber got its stream. @param time us that it took */
  onOpen(subscriber: Subscriber, time: number): void
  /** An event came for the first time. @param sentAt us */
  onDelivery(subscriber: Subscriber, sentAt: number, at: number): void
  /** It is not worth going on. */
  onFailure(error: HubError): void
}

/** An event as a subscriber saw it. */
export interface Seen {
  readonly id: string | undefined
  readonly publisher: number
  readonly number: number
}

/** One client: a stream, which it opens again whenever it ends, as an EventSource does. */
export class Subscriber implements AnswerListener, EventListener {
  isOpen = false
  reconnects = 0
  gaps = 0
  /** Events whose data is not as long as it was sent. */
  damaged = 0
  readonly #around: Surroundings
  readonly #target: string
  readonly #trailLength: number
  #socket: Socket | undefined
  #events: EventReader | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #startedAt = 0
  #readAt = 0
  #refused: number | undefined
  #isClosed = false
  #trail: Seen[] = []

  /**
   * @param channel its name, percent-encoded
   * @param trailLength how many of the last events it is to remember
   */
  constructor(
    around: Surroundings,
    channel: string,
    readonly ledger: Ledger,
    trailLength = 0,
  ) {
    this.#around = around
    this.#target = around.endpoint.target.replaceAll(CHANNEL, channel)
    this.#trailLength = trailLength
  }

  /** The last events that it saw. */
  get trail(): readonly Seen[] {
    return this.#trail
  }

  /** @param lastId the event that it resumes after */
  open(lastId?: string): void {
    const { endpoint, headers, format } = this.#around
    const answers = new AnswerReader(this)
    const read = (length: number, bytes: Uint8Array) => this.#read(answers, bytes as Buffer, length)
    const buffer = SHARED ?? Buffer.allocUnsafe(16_384)
    const socket = connectTo(endpoint, { buffer, callback: read })
    const resume = lastId === undefined ? '' : `Last-Event-ID: ${lastId}\r\n`
    this.#events = new EventReader(format, this, lastId)
    this.#socket = socket
    this.#startedAt = now()
    socket.write(
      `GET ${this.#target} HTTP/1.1\r\nHost: ${endpoint.host}\r\nAccept: text/event-stream\r\n${headers}${resume}\r\n`,
    )
    socket.on('error', (error) => this.#blame(error))
    socket.on('close', () => this.#comeBack())
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retryTimer)
    this.#socket?.destroy()
  }

  onHead({ status, headers }: Head): void {
    if (status !== 200) {
      this.#refused = status
      return
    }
    if (!/^text\/event-stream/i.test(headers.get('content-type') ?? '')) {
      this.#fail('what answers is not an event stream; check that the URL is right')
      return
    }
    this.isOpen = true
    this.#around.onOpen(this, this.#readAt - this.#startedAt)
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    if (this.isOpen) this.#events?.read(bytes, start, end)
    else if (this.#refused) this.#refuse(this.#refused, bytes.toString('utf8', start, end))
  }

  onEnd(): void {
    if (this.#refused) this.#refuse(this.#refused, '')
    this.#socket?.destroy()
  }

  onStamp(publisher: number, number: number, time: number): void {
    if (!this.ledger.take(publisher, number)) return
    if (this.#trailLength > 0) this.#remember(publisher, number)
    this.#around.onDelivery(this, time, this.#readAt)
  }

  onGap(): void {
    this.gaps += 1
    this.ledger.gap()
  }

  onDamage(): void {
    this.damaged += 1
  }

  #read(answers: AnswerReader, bytes: Buffer, length: number): boolean {
    this.#readAt = now()
    try {
      answers.read(bytes, length)
    } catch (error) {
      this.#fail(messageOf(error))
    }
    return true
  }

  #remember(publisher: number, number: number): void {
    this.#trail.push({ id: this.#events?.lastId, publisher, number })
    if (this.#trail.length > 2 * this.#trailLength) {
      this.#trail = this.#trail.slice(-this.#trailLength)
    }
  }

  /** An EventSource does not come back from a refusal; from a hub that is overloaded it may. */
  #refuse(status: number, body: string): void {
    this.#refused = undefined
    if (status < 500 || this.reconnects === 0) this.#around.onFailure(refusalOf(status, body))
  }

  #blame(error: Error): void {
    const fault = OWN_FAULTS[reasonOf(error)]
    if (fault) this.#fail(fault)
  }

  #fail(message: string): void {
    this.#around.onFailure(new HubError('HUB_FAILED', message))
    this.close()
  }

  #comeBack(): void {
    if (this.#isClosed) return
    if (this.isOpen) this.reconnects += 1
    this.isOpen = false
    const { lastId, retry = RETRY * Math.random() } = this.#events ?? {}
    this.#retryTimer = setTimeout(() => this.open(lastId), retry)
  }
}
