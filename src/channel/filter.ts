import type { Entry } from '../event/entry.js'

/** Which events a subscriber wants to see; comments, pings and gap events always pass. */
export class Filter {
  /** The same for filters that pass the same events. */
  readonly key: string
  readonly #ids: ReadonlySet<string>
  readonly #types: ReadonlySet<string>

  private constructor(ids: readonly string[], types: readonly string[]) {
    this.#ids = new Set(ids)
    this.#types = new Set(types)
    this.key = JSON.stringify([[...this.#ids].sort(), [...this.#types].sort()])
  }

  /**
   * @param ids pass only events with one of these ids; empty passes all
   * @param types pass only events of one of these types; empty passes all
   * @returns undefined where everything passes
   */
  static of(ids: readonly string[], types: readonly string[]): Filter | undefined {
    return ids.length + types.length === 0 ? undefined : new Filter(ids, types)
  }

  /** Both kinds given, both must match; an event without a type is a `message`. [spec] */
  passes({ id, type = 'message' }: Pick<Entry, 'id' | 'type'>): boolean {
    if (this.#ids.size > 0 && (id === undefined || !this.#ids.has(id))) return false
    return this.#types.size === 0 || this.#types.has(type)
  }
}
