import { EventEmitter, on } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { EventSourceFetchInit, FetchLikeResponse } from 'eventsource'
import { backoff } from '../backoff.js'
import { codeOf, HubError } from '../errors.js'
import { AnyEventSource, type StreamHandlers } from './any-event-source.js'
import { isPassing } from './failure.js'
import { request } from './http.js'

/** An event as a subscriber sees it. */
export interface TailEvent {
  /** Null where it has none. */
  readonly id: string | null
  /** Its type; `message` where the publisher gave none. */
  readonly event: string
  readonly data: string
}

export interface FollowerOptions {
  /** Begin after the event of this id. */
  readonly lastId?: string | undefined
  /** A token that lets it read. */
  readonly token?: string | undefined
  /** Is told, in words, when the connection is lost and when it is there again. */
  readonly onNotice?: ((message: string) => void) | undefined
  /** The certificates that a hub behind https is trusted by, in PEM; by default Node's. */
  readonly ca?: string | undefined
}

/** Characters of events that wait to be taken before no more are read. */
const MAX_WAITING = 1_048_576

/** Keeps a stream open from the last id that it saw; reads no faster than events are taken. */
export class Follower implements StreamHandlers {
  readonly #url: URL
  readonly #token: string | undefined
  readonly #notify: (message: string) => void
  readonly #ca: string | undefined
  readonly #arrivals = new EventEmitter()
  /** What EventSource would remember too, but not before the first connect. */
  #lastId: string
  #hasBeenOpen = false
  /** Why the latest try failed. */
  #failure: unknown
  /** How many tries in a row a proxy has answered in the hub's place. */
  #outages = 0
  #notice = ''
  /** Characters of the events that are not taken yet. */
  #waiting = 0
  #onRoom: () => void = () => {}
  #source: AnyEventSource | undefined

  constructor(url: URL, { lastId = '', token, ca, onNotice = () => {} }: FollowerOptions = {}) {
    this.#url = url
    this.#lastId = lastId
    this.#token = token
    this.#ca = ca
    this.#notify = onNotice
  }

  /** The events as they come, until the signal or the caller ends it. */
  async *follow(signal?: AbortSignal): AsyncGenerator<TailEvent, void, undefined> {
    if (signal?.aborted) return
    const arrivals = on(this.#arrivals, 'event', { close: ['end'] })
    const end = () => this.#arrivals.emit('end')
    signal?.addEventListener('abort', end, { once: true })
    this.#source = new AnyEventSource(this.#url, this.#fetch, this)
    try {
      for await (const [event] of arrivals as AsyncIterable<[TailEvent]>) {
        yield event
        this.#waiting -= event.data.length
        if (this.#waiting < MAX_WAITING) this.#onRoom()
      }
    } finally {
      signal?.removeEventListener('abort', end)
      this.#source.close()
    }
  }

  onOpen(): void {
    const after = this.#lastId === '' ? '' : `, going on after id ${this.#lastId}`
    if (this.#hasBeenOpen) this.#tell(`connected again${after}`)
    this.#hasBeenOpen = true
    this.#outages = 0
  }

  onEvent(event: MessageEvent): void {
    const id = event.lastEventId
    if (id !== '') this.#lastId = id
    const data = String(event.data)
    this.#waiting += data.length
    this.#arrivals.emit('event', { id: id || null, event: event.type, data })
  }

  onError(closed: boolean): void {
    const failure = this.#failure
    this.#failure = undefined
    if (closed) {
      const message = `what answers at ${this.#url} does not send an event stream`
      this.#fail(new HubError('HUB_FAILED', message))
    } else if (!(failure instanceof HubError)) {
      this.#tell('connection lost, trying again')
    } else if (!this.#hasBeenOpen || (failure.code === 'HUB_REFUSED' && !isPassing(failure))) {
      this.#fail(failure)
    } else {
      this.#tell(`trying again: ${failure.message}`)
    }
  }

  /**
   * What EventSource connects with. It takes any answer but 200 for the end; a 5xx or a 429, which
   * come from a proxy while the hub is away, or when many come back at once, is made a failed
   * connect here, after which it tries again.
   */
  #fetch = async (_url: string | URL, { headers, signal, ...init }: EventSourceFetchInit) => {
    try {
      if (this.#outages > 0) await wait(backoff(this.#outages), undefined, { signal })
      const resume = this.#lastId === '' ? {} : { 'Last-Event-ID': utf8(this.#lastId) }
      const options = { ...init, headers: { ...headers, ...resume } }
      const asked = { signal, token: this.#token, ca: this.#ca }
      return await request(this.#url, options, (stream) => this.#paced(stream), asked)
    } catch (error) {
      this.#failure = error
      if (codeOf(error) === 'HUB_FAILED' || isPassing(error)) this.#outages += 1
      throw error
    }
  }

  #paced({ body, url, status, redirected, headers }: Response): FetchLikeResponse {
    const pace = new TransformStream<Uint8Array, Uint8Array>({
      transform: async (chunk, stream) => {
        if (this.#waiting >= MAX_WAITING) {
          await new Promise<void>((resolve) => {
            this.#onRoom = resolve
          })
        }
        stream.enqueue(chunk)
      },
    })
    return { body: body?.pipeThrough(pace) ?? null, url, status, redirected, headers }
  }

  /** Ends it, once the events that came before are taken; that may be late. */
  #fail(error: HubError): void {
    this.#arrivals.emit('error', error)
    queueMicrotask(() => this.#source?.close()) // not before EventSource has planned its next try
  }

  #tell(message: string): void {
    if (message !== this.#notice) this.#notify(message)
    this.#notice = message
  }
}

/** A header is bytes: text beyond ASCII goes as UTF-8, as browsers send it. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}
