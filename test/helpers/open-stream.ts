import type { Socket } from 'node:net'
import { createParser } from 'eventsource-parser'
import type { StreamEvent } from './stream.js'

/** One open stream, read from its socket. */
export class OpenStream {
  /** The head of the answer, and all bytes of the body that have come. */
  head = ''
  body = ''
  isEnded = false
  readonly events: StreamEvent[] = []
  readonly #waiting = new Set<() => void>()

  constructor(
    readonly socket: Socket,
    target: string,
    headers: Record<string, string> = {},
  ) {
    const lines = Object.entries({ Host: 'hub', ...headers }).map(([k, v]) => `${k}: ${v}\r\n`)
    socket.write(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`)
    const parser = createParser({
      onEvent: ({ id, event, data }) => this.events.push({ id, event, data }),
    })
    let isHead = true
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      let body = chunk
      if (isHead) {
        this.head += chunk
        const end = this.head.indexOf('\r\n\r\n')
        if (end === -1) return
        isHead = false
        body = this.head.slice(end + 4)
        this.head = this.head.slice(0, end)
      }
      this.body += body
      parser.feed(body)
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isEnded = true
      this.#wake()
    })
  }

  get data(): string[] {
    return this.events.map(({ data }) => data)
  }

  get ids(): (string | undefined)[] {
    return this.events.map(({ id }) => id)
  }

  /** Resolves when the body is as wanted; rejects if the stream ends before that. */
  async until(isWanted: (body: string) => boolean): Promise<void> {
    while (!isWanted(this.body)) {
      if (this.isEnded) throw new Error(`the stream ended after:\n${this.head}\n\n${this.body}`)
      await this.#next()
    }
  }

  /** Resolves when that many events have come. */
  async count(events: number): Promise<StreamEvent[]> {
    await this.until(() => this.events.length >= events)
    return this.events
  }

  /** Resolves when the hub has ended the stream. */
  async end(): Promise<void> {
    while (!this.isEnded) await this.#next()
  }

  close(): void {
    this.socket.destroy()
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
