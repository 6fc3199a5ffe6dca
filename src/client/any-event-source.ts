import { EventSource, type FetchLike } from 'eventsource'

/** What is to be done as a stream goes along. */
export interface StreamHandlers {
  onOpen(): void
  onEvent(event: MessageEvent): void
  /** The stream broke, or could not be opened; `closed` where it will not try again by itself. */
  onError(closed: boolean): void
}

/** An EventSource that hands on events of every type: `EventSource` wants each type by name. */
export class AnyEventSource extends EventSource {
  readonly #handlers: StreamHandlers

  constructor(url: URL, fetch: FetchLike, handlers: StreamHandlers) {
    super(url, { fetch })
    this.#handlers = handlers
  }

  override dispatchEvent(event: Event): boolean {
    // Only a published event is a MessageEvent; its type may well be `open` or `error`.
    if (event instanceof MessageEvent) this.#handlers.onEvent(event)
    else if (event.type === 'open') this.#handlers.onOpen()
    else this.#handlers.onError(this.readyState === EventSource.CLOSED)
    return true
  }
}
