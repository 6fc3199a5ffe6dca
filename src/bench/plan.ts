import type { Endpoint } from './endpoint.js'

/** What a run does: all that its processes have to know. */
export interface Plan {
  /** 6 characters that no other run has. */
  readonly run: string
  readonly subscribe: Endpoint
  readonly publish: Endpoint
  /** Lines of the head of every request, each with its CRLF. */
  readonly headers: string
  /** The body of a publish, with `{data}`, `{id}` and `{channel}` where those go. */
  readonly body: string
  /** The names, percent-encoded. */
  readonly channels: readonly string[]
  readonly subscribers: number
  readonly publishers: number
  /** Bytes of an event's data. */
  readonly size: number
  /** Events that storms go back; 0 is no storm. */
  readonly trail: number
  /** Ms of silence after which nothing more is waited for. */
  readonly timeout: number
}

/** What one process does of it: every so manyth subscriber, and publisher. */
export interface Part {
  readonly subscribers: readonly number[]
  readonly publishers: readonly number[]
  /** Which of those that share storms it is, of how many; undefined for one that has no part. */
  readonly reader: { readonly index: number; readonly of: number } | undefined
}

/** Which of the numbers from 0 up to `count` are those of a part. */
export function numbersOf(count: number, parts: number, part: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter((i) => i % parts === part)
}
