import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { GAP_EVENT } from '../../../src/channel/gap.js'
import type { Random } from '../../helpers/random.js'
import type { Sighting, Watch } from './journal.js'

/** Ms without a byte after which a client takes its connection for dead; hubs ping each second. */
const SILENCE = 4000

/** How long clients that come and go stay, and are away, in ms. */
const STAY = { least: 100, most: 1000 }
const ABSENCE = { least: 300, most: 5000 }

/** A client that follows a channel through everything, and writes down what it sees. */
export class Follower implements Watch {
  readonly sightings: Sighting[] = []
  connections = 0
  #lastId: string | undefined
  #socket: Socket | undefined
  #isClosed = false
  readonly #waiting = new Set<() => void>()

  /**
   * @param urls the hubs, of which it takes any each time that it connects
   * @param comesAndGoes whether it also leaves by itself, and is away for a while
   */
  constructor(
    readonly client: string,
    readonly channel: string,
    private readonly urls: readonly string[],
    private readonly random: Random,
    private readonly comesAndGoes = false,
  ) {}

  /** Follows until it is closed. */
  async run(): Promise<void> {
    while (!this.#isClosed) {
      await this.#follow()
      const { least, most } = this.comesAndGoes ? ABSENCE : { least: 10, most: 200 }
      if (!this.#isClosed) await pause(this.random.between(least, most))
    }
  }

  /** Resolves when it has seen the events of those ids; false if it has not in so many ms. */
  async hasSeen(ids: readonly string[], patience: number): Promise<boolean> {
    let isLate = false
    const lateness = setTimeout(() => {
      isLate = true
      this.#wake()
    }, patience)
    const missing = new Set(ids)
    for (let at = 0; ; ) {
      for (; at < this.sightings.length; at += 1) {
        const sighting = this.sightings[at]
        if (sighting?.kind === 'event') missing.delete(sighting.id)
      }
      if (missing.size === 0 || isLate) break
      await new Promise<void>((next) => this.#waiting.add(next))
    }
    clearTimeout(lateness)
    return missing.size === 0
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.destroy()
  }

  /** One connection, to its end. */
  #follow(): Promise<void> {
    const url = new URL(this.random.pick(this.urls) ?? '')
    const socket = connect(Number(url.port), url.hostname).setEncoding('utf8')
    this.#socket = socket
    this.connections += 1
    const id = this.#lastId === undefined ? '' : `Last-Event-ID: ${this.#lastId}\r\n`
    socket.write(`GET /${this.channel}?getcache=1 HTTP/1.1\r\nHost: hub\r\n${id}\r\n`)
    socket.setTimeout(SILENCE, () => socket.destroy())
    if (this.comesAndGoes) {
      const leave = setTimeout(() => socket.destroy(), this.random.between(STAY.least, STAY.most))
      socket.once('close', () => clearTimeout(leave))
    }
    const reading = new Reading((sighting) => this.#see(sighting))
    socket.on('data', (text: string) => {
      if (!reading.feed(text)) socket.destroy()
    })
    socket.on('error', () => {}) // 'close' follows
    return new Promise((resolve) => socket.once('close', () => resolve()))
  }

  #see(sighting: Sighting): void {
    this.sightings.push(sighting)
    if (sighting.kind === 'event') this.#lastId = sighting.id
    this.#wake()
  }

  #wake(): void {
    for (const next of this.#waiting) next()
    this.#waiting.clear()
  }
}

/** Reads an answer, byte for byte as it came: the head, then blocks of fields. */
class Reading {
  #rest = ''
  #isHead = true

  constructor(private readonly see: (sighting: Sighting) => void) {}

  /** @returns whether to read on */
  feed(text: string): boolean {
    this.#rest += text
    if (this.#isHead) {
      const end = this.#rest.indexOf('\r\n\r\n')
      if (end === -1) return true
      const [status = ''] = this.#rest.split('\r\n', 1)
      if (!status.startsWith('HTTP/1.1 200 ')) {
        this.see({ kind: 'refusal', status, at: performance.now() })
        return false
      }
      this.#rest = this.#rest.slice(end + 4)
      this.#isHead = false
    }
    const blocks = this.#rest.split('\n\n')
    this.#rest = blocks.pop() ?? '' // what has no end is not an event [spec]
    for (const block of blocks) this.#take(block)
    return true
  }

  #take(block: string): void {
    let id: string | undefined
    let type: string | undefined
    const data: string[] = []
    for (const line of block.split('\n')) {
      const [, name, value = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? []
      if (name === 'id') id = value
      else if (name === 'event') type = value
      else if (name === 'data') data.push(value)
      else if (name !== '' && name !== 'retry') this.#other(block)
    }
    if (data.length === 0) return
    const at = performance.now()
    const text = data.join('\n')
    if (type === GAP_EVENT) this.see({ kind: 'gap', reason: JSON.parse(text).reason, at })
    else if (id === undefined || type !== undefined) this.#other(block)
    else this.see({ kind: 'event', id, data: text, at })
  }

  #other(text: string): void {
    this.see({ kind: 'other', text, at: performance.now() })
  }
}
