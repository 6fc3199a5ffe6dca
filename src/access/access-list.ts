import { HubError } from '../errors.js'
import { contains, parseAddress, parseRange, type Range } from './range.js'

/** Which addresses may do something. */
export class AccessList {
  readonly #ranges: readonly Range[] | undefined

  /**
   * @param ranges addresses and CIDR ranges; an empty list allows nobody, no list allows all
   * @throws {HubError} `INVALID_CONFIG` for one that is neither
   */
  constructor(ranges: readonly string[] | undefined) {
    this.#ranges = ranges?.map(toRange)
  }

  /** Whether an address may; with a list, what is not an address may not. */
  allows(address: string | undefined): boolean {
    if (!this.#ranges) return true
    if (this.#ranges.length === 0) return false
    const candidate = address === undefined ? undefined : parseAddress(address)
    return candidate !== undefined && this.#ranges.some((range) => contains(range, candidate))
  }
}

function toRange(text: string): Range {
  const range = parseRange(text)
  if (range) return range
  throw new HubError('INVALID_CONFIG', `${JSON.stringify(text)} is not an address or CIDR range`)
}
