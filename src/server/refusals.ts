import type { Socket } from 'node:net'

/** Ms in which one that is kept out has to say something, and in which all of it has to be over. */
const PATIENCE = { silent: 1000, all: 3000 }

interface Refused {
  socket: Socket
  timer: NodeJS.Timeout
}

/**
 * Connections that are kept out, while they are told so. There is room for so many: for one more,
 * that one has to go which came longest ago, of those that have not asked for anything if there
 * are any. So those who are silent take the place of nobody who is not.
 *
 * @typeParam T what knows a connection, also when it goes on in another socket
 */
export class Refusals<T extends object> {
  readonly #max: number
  readonly #onUnheard: (ticket: T) => void
  /** Both in the order in which they came. */
  readonly #silent = new Map<T, Refused>()
  readonly #asking = new Map<T, Refused>()

  /**
   * @param max how many there is room for
   * @param onUnheard told of those that have gone without having asked for anything
   */
  constructor(max: number, onUnheard: (ticket: T) => void) {
    this.#max = max
    this.#onUnheard = onUnheard
  }

  add(ticket: T, socket: Socket): void {
    if (this.#silent.size + this.#asking.size >= this.#max) this.#makeRoom()
    const timer = setTimeout(() => this.#onPatienceEnd(ticket), PATIENCE.silent)
    this.#silent.set(ticket, { socket, timer })
    this.#watch(ticket, socket)
  }

  /** It has asked for something. */
  hear(ticket: T): void {
    const refused = this.#silent.get(ticket)
    if (!refused) return
    this.#silent.delete(ticket)
    this.#asking.set(ticket, refused)
  }

  /** It goes on in another socket. */
  carryOver(ticket: T, to: Socket): void {
    const refused = this.#of(ticket)
    if (refused) refused.socket = to
    if (refused) this.#watch(ticket, to)
    else to.destroy() // it has lost its place
  }

  #of(ticket: T): Refused | undefined {
    return this.#silent.get(ticket) ?? this.#asking.get(ticket)
  }

  #watch(ticket: T, socket: Socket): void {
    socket.once('close', () => {
      if (this.#of(ticket)?.socket === socket) this.#remove(ticket)
    })
  }

  #onPatienceEnd(ticket: T): void {
    const refused = this.#of(ticket)
    if (!refused) return
    if (refused.socket.bytesRead === 0) {
      this.#close(ticket)
      return
    }
    const rest = PATIENCE.all - PATIENCE.silent
    refused.timer = setTimeout(() => this.#close(ticket), rest)
  }

  #makeRoom(): void {
    const [oldest] = this.#silent.size > 0 ? this.#silent.keys() : this.#asking.keys()
    if (oldest) this.#close(oldest)
  }

  #close(ticket: T): void {
    const socket = this.#of(ticket)?.socket
    this.#remove(ticket)
    socket?.destroy()
  }

  #remove(ticket: T): void {
    clearTimeout(this.#of(ticket)?.timer)
    this.#asking.delete(ticket)
    if (this.#silent.delete(ticket)) this.#onUnheard(ticket)
  }
}
