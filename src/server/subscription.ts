import type { Start } from '../channel/cursor.js'
import { Filter } from '../channel/filter.js'

/** What a subscriber asks for besides the channel. */
export interface Subscription {
  readonly start: Start
  readonly filter: Filter | undefined
  /** Whether it wants padding first, because it holds back the first 2 KB. */
  readonly preamble: boolean
}

/** The names under which polyfills send the last event id, lower-cased, the first given counts. */
const ID_PARAMETERS = ['evs_last_event_id', 'lasteventid', 'last_event_id']

/**
 * Reads a subscription from the query and the `Last-Event-ID` header. The names of the query are
 * taken in any case; an empty id counts as none. [ssehub]
 */
export function parseSubscription(
  query: URLSearchParams,
  lastEventId: string | undefined,
): Subscription {
  const values = new Map<string, string[]>()
  for (const [name, value] of query) {
    const key = name.toLowerCase()
    values.set(key, [...(values.get(key) ?? []), value])
  }
  const first = (name: string) => values.get(name)?.[0]
  const id = fromHeader(lastEventId) || ID_PARAMETERS.map(first).find(Boolean)
  return {
    start: id ? { from: 'id', id } : { from: first('getcache') === '1' ? 'history' : 'now' },
    filter: Filter.of(values.get('filterid') ?? [], values.get('filterevent') ?? []),
    preamble: Boolean(first('evs_preamble')) || first('padding') === 'true',
  }
}

/** Browsers send the id as UTF-8, which Node reads as Latin-1. */
function fromHeader(value: string | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value, 'latin1').toString('utf8')
}
