import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { resetConnection } from '../../src/server/reset.js'

/** The connections that a fault is for: those whose client has sent such text, or such ones. */
export type Which = RegExp | ((link: ProxyLink) => boolean)

/** What a link asks its proxy. */
interface Manners {
  /** Milliseconds that bytes are under way, each way. */
  latency(): number
  /** The client has sent something. */
  onSent(): void
  /** After how many of so many bytes for the client the link is to be cut, if it is. */
  cutsAfter(bytes: number): number | undefined
}

const KEPT = 65_536

/** A connection through a proxy: a client's socket, a server's, and both ways between them. */
export class ProxyLink {
  /** The first 64 KiB that the client has sent. */
  sent = ''
  readonly #up: Way
  readonly #down: Way

  /** @param number the first is 1 */
  constructor(
    readonly number: number,
    readonly client: Socket,
    readonly server: Socket,
    manners: Manners,
  ) {
    client.on('data', (chunk: Buffer) => {
      this.sent = (this.sent + chunk.toString('latin1')).slice(0, KEPT)
      manners.onSent()
    })
    const late = () => (manners.latency() > 0 ? delay(manners.latency()) : undefined)
    this.#up = new Way(client, server, late, (chunk) => write(server, chunk))
    this.#down = new Way(server, client, late, async (chunk) => {
      const bytes = manners.cutsAfter(chunk.length)
      await write(client, chunk.subarray(0, bytes))
      if (bytes !== undefined) this.cut()
    })
    for (const socket of [client, server]) {
      socket.setNoDelay().on('error', () => this.cut())
    }
  }

  isMeant(which: Which): boolean {
    return which instanceof RegExp ? which.test(this.sent) : which(this)
  }

  /** Lets nothing pass, or lets it pass again. */
  hold(up: boolean, down: boolean): void {
    this.#up.hold(up)
    this.#down.hold(down)
  }

  /** Resets it on both sides. */
  cut(): void {
    resetConnection(this.client)
    resetConnection(this.server)
  }
}

/** How many chunks are taken from a side before it has to wait. */
const MOST = 16

/** One way of a link: what comes goes on in order, late, or not at all while it is held. */
class Way {
  readonly #source: Socket
  readonly #late: () => Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()
  #pending = 0
  #gate: Promise<void> | undefined
  #open = () => {}

  constructor(
    source: Socket,
    sink: Socket,
    late: () => Promise<void> | undefined,
    pass: (chunk: Buffer) => Promise<void>,
  ) {
    this.#source = source
    this.#late = late
    source.on('data', (chunk: Buffer) => this.#queue(() => pass(chunk)))
    source.on('end', () => this.#queue(async () => void sink.end()))
  }

  hold(isHeld: boolean): void {
    if (isHeld) {
      this.#gate ??= new Promise((resolve) => {
        this.#open = resolve
      })
    } else {
      this.#gate = undefined
      this.#open()
    }
  }

  #queue(pass: () => Promise<void>): void {
    this.#pending += 1
    if (this.#pending >= MOST) this.#source.pause()
    this.#last = this.#passOn(this.#last, this.#late(), pass)
  }

  async #passOn(last: Promise<void>, due: Promise<void> | undefined, pass: () => Promise<void>) {
    await last
    await due
    while (this.#gate) await this.#gate
    await pass()
    this.#pending -= 1
    if (this.#pending === 0) this.#source.resume()
  }
}

/** Resolves when the system has the bytes, or the socket is no more. */
function write(socket: Socket, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(chunk, () => resolve()))
}
