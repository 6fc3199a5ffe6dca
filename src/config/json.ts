import type { Path } from './fault.js'

/** A JSON text, read. */
export interface JsonDocument {
  readonly value: unknown
  /** The members that are there more than once; of each, the last counts. */
  readonly repeated: readonly Path[]
}

/**
 * Reads JSON as JSON.parse does, and says more: where a text is not JSON, by line and column and
 * without quoting what may be secret, and which members are there twice.
 *
 * @throws {SyntaxError} saying where, what it found, and what it wants
 */
export function readJson(text: string): JsonDocument {
  return new Reader(text).document()
}

/** White space, then a string, a mark, or anything else up to the next of these. */
// The string is not (…|…)*, for which V8 needs a stack as deep as the string is long.
const TOKEN = /[\t\n\r ]*("[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\t\n\r "{}[\]:,]+|)/sy
const MAX_DEPTH = 100

class Reader {
  readonly #text: string
  readonly #repeated: Path[] = []
  /** The token to be read next, empty at the end, and where it begins. */
  #token = ''
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#advance()
  }

  document(): JsonDocument {
    const value = this.#value([])
    if (this.#at < this.#text.length) throw this.#fault('the end of the file')
    return { value, repeated: this.#repeated }
  }

  #value(path: Path): unknown {
    if (path.length > MAX_DEPTH) throw this.#fault('fewer lists and objects in one another')
    if (this.#take('{')) return this.#object(path)
    if (this.#take('[')) return this.#array(path)
    return this.#scalar('a value')
  }

  #object(path: Path): unknown {
    const members = new Map<string, unknown>()
    if (this.#take('}')) return {}
    do {
      if (!this.#token.startsWith('"')) throw this.#fault('a name in double quotes')
      const name = this.#scalar('a name in double quotes') as string
      if (!this.#take(':')) throw this.#fault('a colon')
      const place = [...path, name]
      if (members.has(name)) this.#repeated.push(place)
      members.set(name, this.#value(place))
    } while (this.#goesOn('}'))
    return Object.fromEntries(members)
  }

  #array(path: Path): unknown {
    const items: unknown[] = []
    if (this.#take(']')) return items
    do {
      items.push(this.#value([...path, items.length]))
    } while (this.#goesOn(']'))
    return items
  }

  #goesOn(end: string): boolean {
    if (this.#take(',')) return true
    if (this.#take(end)) return false
    throw this.#fault(`a comma or ${end}`)
  }

  #scalar(wanted: string): unknown {
    let value: unknown
    try {
      value = JSON.parse(this.#token)
    } catch {
      const isString = this.#token.startsWith('"')
      throw this.#fault(isString ? 'no line end, tab or unknown escape in a string' : wanted)
    }
    this.#advance()
    return value
  }

  #take(mark: string): boolean {
    if (this.#token !== mark) return false
    this.#advance()
    return true
  }

  #advance(): void {
    TOKEN.lastIndex = this.#at + this.#token.length
    this.#token = TOKEN.exec(this.#text)?.[1] ?? ''
    this.#at = TOKEN.lastIndex - this.#token.length
  }

  #fault(wanted: string): SyntaxError {
    const before = this.#text.slice(0, this.#at).split('\n')
    const column = (before.at(-1) ?? '').length + 1
    const found = this.#text[this.#at] ?? 'the end of the file'
    const isOpen = this.#token === '' && found === '"'
    return new SyntaxError(
      `line ${before.length}, column ${column}: ` +
        (isOpen ? 'found a string that does not end' : `found ${found}, wants ${wanted}`),
    )
  }
}
