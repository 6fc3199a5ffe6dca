import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { backoff } from '../backoff.js'
import { messageOf } from '../errors.js'
import { type AnswerListener, AnswerReader, type Head } from './answer-reader.js'
import { now } from './clock.js'
import { CHANNEL, connectTo, refusalOf } from './endpoint.js'
import type { Histogram } from './histogram.js'
import { channelOf } from './numbering.js'
import type { Plan } from './plan.js'
import type { StampFormat } from './stamp.js'

/** Us for which what was due before the end is still sent. */
const GRACE = 1e6

/** What is to be published in one go. */
export interface Order {
  /** When to begin; us. */
  readonly start: number
  /** When to end; us. Undefined: when all is published. */
  readonly end: number | undefined
  /** Events that a publisher sends, for each. */
  readonly counts: readonly number[]
  /** Us between two events of a publisher; 0 is as soon as the one before is answered. */
  readonly interval: number
}

/** One client that publishes an event after another, on a connection that it keeps. */
export class Publisher implements AnswerListener {
  /** Events that it has sent, whatever became of them. */
  sent = 0
  /** The numbers of events of which it does not know whether they were taken. */
  readonly failed: number[] = []
  readonly #plan: Plan
  readonly #format: StampFormat
  readonly #latency: () => Histogram
  readonly #body: readonly string[]
  #socket: Socket | undefined
  #status = 0
  #answer = ''
  #isLast = false
  #onAnswer: (status: number) => void = () => {}
  /** Us by which the timer was late, which is not the hub's fault. */
  #overshoot = 0
  #isStopped = false

  /** @param latency where us from sending to the answer go */
  constructor(
    plan: Plan,
    format: StampFormat,
    readonly index: number,
    latency: () => Histogram,
  ) {
    this.#plan = plan
    this.#format = format
    this.#latency = latency
    this.#body = plan.body.split(/(\{data\}|\{id\}|\{channel\})/)
  }

  /**
   * Publishes; ends too when it is stopped, or when nothing was taken for long.
   *
   * @throws {HubError} `HUB_REFUSED`, `HUB_FAILED`
   */
  async publish(order: Order): Promise<void> {
    const { end = Number.POSITIVE_INFINITY, interval } = order
    const count = order.counts[this.index] ?? 0
    const phase = (this.index / this.#plan.publishers) * interval
    let failures = 0
    let failingSince = 0
    for (let index = 0; index < count && !this.#isStopped; index += 1) {
      const due = order.start + phase + index * interval
      if (interval > 0 ? due >= end || now() >= end + GRACE : now() >= end) return
      if (await this.#send(await this.#turn(interval > 0 || index === 0 ? due : 0))) {
        failures = 0
      } else {
        if (failures === 0) failingSince = now()
        else if (now() - failingSince > this.#plan.timeout * 1e3) return
        await pause(backoff(failures))
        failures += 1
      }
    }
  }

  stop(): void {
    this.#isStopped = true
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined // what becomes of it is not of interest any more
    socket?.destroy()
  }

  onHead({ status, headers }: Head): void {
    this.#status = status
    this.#answer = ''
    this.#isLast = headers.get('connection')?.toLowerCase() === 'close'
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    if (this.#status >= 300) this.#answer += bytes.toString('utf8', start, end)
  }

  onEnd(): void {
    if (this.#isLast) this.close()
    this.#onAnswer(this.#status)
  }

  /**
   * Waits until an event is due.
   *
   * @returns when it is sent, as a subscriber sees it: had the hub answered at once, it would
   * have been then
   */
  async #turn(due: number): Promise<number> {
    const early = due - now()
    if (early <= 0) return due === 0 ? now() : Math.min(now(), due + this.#overshoot)
    await pause(Math.ceil(early / 1e3))
    this.#overshoot = Math.max(0, now() - due)
    return now()
  }

  async #send(time: number): Promise<boolean> {
    const number = this.sent
    const status = await this.#exchange(this.#request(number, time))
    this.sent += 1
    if (status >= 200 && status < 300) {
      this.#latency().record(now() - time)
      return true
    }
    if (status >= 300 && status < 500) throw refusalOf(status, this.#answer)
    this.failed.push(number)
    return false
  }

  #request(number: number, time: number): string {
    const { run, publish, channels, headers } = this.#plan
    const channel = channels[channelOf(this.index, number, channels.length)] ?? ''
    const values: Readonly<Record<string, string>> = {
      '{data}': this.#format.data(this.index, number, time),
      '{id}': `${run}-${this.index}-${number}`,
      '{channel}': channel,
    }
    const body = this.#body.map((part) => values[part] ?? part).join('')
    const target = publish.target.replaceAll(CHANNEL, channel)
    return `POST ${target} HTTP/1.1\r\nHost: ${publish.host}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  }

  /** @returns the status of the answer; 0 if there is none */
  #exchange(request: string): Promise<number> {
    const socket = this.#socket ?? this.#connect()
    return new Promise((resolve) => {
      this.#onAnswer = resolve
      socket.write(request)
    })
  }

  #connect(): Socket {
    const answers = new AnswerReader(this)
    const socket = connectTo(this.#plan.publish)
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => {
      try {
        answers.read(bytes, bytes.length)
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
    socket.setTimeout(this.#plan.timeout, () => socket.destroy())
    socket.on('error', (error) => {
      this.#answer = messageOf(error)
    })
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#onAnswer(0)
    })
    return socket
  }
}
