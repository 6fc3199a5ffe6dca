/** What a publisher knows of an event that it has tried to publish. */
export type Outcome =
  /** It was taken. */
  | 'acked'
  /** It was not, and nobody has seen it. */
  | 'refused'
  /** The answer did not come. */
  | 'unknown'

/** One attempt to publish an event. Times are ms of one clock. */
export interface Attempt {
  readonly publisher: string
  readonly channel: string
  /** The event's own, which no other event has. */
  readonly id: string
  readonly begun: number
  readonly ended: number
  readonly outcome: Outcome
  /** What the hub answered: its status, and the event's number. */
  readonly status?: number
  readonly sequence?: number
}

/** What a client sees, in order. */
export type Sighting =
  | {
      readonly kind: 'event'
      readonly id: string
      readonly data: string
      readonly at: number
      /** Where the client is told. */
      readonly sequence?: number
    }
  | { readonly kind: 'gap'; readonly reason: string; readonly at: number }
  /** An answer that is no stream, after which no EventSource comes back. */
  | { readonly kind: 'refusal'; readonly status: string; readonly at: number }
  /** An event that is none of a publisher's. */
  | { readonly kind: 'other'; readonly text: string; readonly at: number }

/** All that a client saw which followed a channel from its first event on. */
export interface Watch {
  readonly client: string
  readonly channel: string
  readonly sightings: readonly Sighting[]
  /** Whether it is what a hub holds in the end, rather than what it has shown somebody. */
  readonly isHistory?: boolean
}

/** A time in which a store came to lack what it had had. Times are ms, as those of attempts. */
export interface Loss {
  /** Before this, nothing was taken that it came to lack; -Infinity where it came to lack all. */
  readonly since: number
  /** When it still had everything. */
  readonly begun: number
  /** From when on it kept again what it took. */
  readonly ended: number
}

/** All that there is to judge a run by. */
export interface Journal {
  readonly attempts: readonly Attempt[]
  readonly watches: readonly Watch[]
  /** What the store lost, one after another; by default nothing. */
  readonly losses?: readonly Loss[]
}

/** The data of the event of an id: of a few lines and sizes, so that a mix-up shows. */
export function dataOf(id: string): string {
  const digits = Number(/\d+$/.exec(id)?.[0] ?? 0)
  return `${id}\n${'.'.repeat((digits * 37) % 900)}\nend of ${id}`
}
