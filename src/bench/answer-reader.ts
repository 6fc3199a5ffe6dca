/** The head of an HTTP answer. */
export interface Head {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

/** Who is told of an answer as it comes. */
export interface AnswerListener {
  onHead(head: Head): void
  /** Some of the body; the bytes are gone after the call. */
  onBody(bytes: Buffer, start: number, end: number): void
  /** The body is over. One without a length ends with its connection instead. */
  onEnd(): void
}

const MAX_HEAD = 65_536

const CR = 13
const LF = 10

/** Reads the answers of one connection, whatever the pieces that they come in. */
export class AnswerReader {
  #state: 'head' | 'body' | 'size' | 'trailer' = 'head'
  #text = ''
  #isChunked = false
  /** Bytes of the body, or of its chunk, that are still to come. */
  #left = Number.POSITIVE_INFINITY
  readonly #listener: AnswerListener

  constructor(listener: AnswerListener) {
    this.#listener = listener
  }

  /** @throws where this is not HTTP */
  read(bytes: Buffer, end: number): void {
    let at = 0
    while (at < end) {
      if (this.#state === 'body') at = this.#body(bytes, at, end)
      else if (this.#state === 'head') at = this.#head(bytes, at, end)
      else at = this.#line(bytes, at, end)
    }
  }

  #head(bytes: Buffer, start: number, end: number): number {
    const before = this.#text.length
    this.#text += bytes.toString('latin1', start, end)
    const close = this.#text.indexOf('\r\n\r\n')
    if (close === -1) {
      if (this.#text.length > MAX_HEAD) throw new Error('the head of the answer does not end')
      return end
    }
    const head = parseHead(this.#text.slice(0, close))
    this.#text = ''
    const at = start + close + 4 - before
    if (head.status < 200) return at // 100 Continue: the answer proper follows
    this.#isChunked = /chunked/i.test(head.headers.get('transfer-encoding') ?? '')
    const length = head.status === 204 ? '0' : head.headers.get('content-length')
    this.#left = this.#isChunked || length === undefined ? Number.POSITIVE_INFINITY : Number(length)
    this.#state = this.#isChunked ? 'size' : 'body'
    this.#listener.onHead(head)
    if (this.#left === 0) this.#end()
    return at
  }

  #body(bytes: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#left)
    this.#left -= stop - start
    this.#listener.onBody(bytes, start, stop)
    if (this.#left === 0) {
      if (this.#isChunked) this.#state = 'size'
      else this.#end()
    }
    return stop
  }

  /** A line between chunks: an empty one, the size of the next, or what follows the last. */
  #line(bytes: Buffer, start: number, end: number): number {
    let at = start
    for (; at < end && bytes[at] !== LF; at += 1) {
      const byte = bytes[at]
      if (byte !== CR && byte !== undefined) this.#text += String.fromCharCode(byte)
    }
    if (at === end) return end
    const line = this.#text
    this.#text = ''
    if (this.#state === 'trailer') {
      if (line === '') this.#end()
    } else if (line !== '') {
      this.#left = sizeOf(line)
      this.#state = this.#left === 0 ? 'trailer' : 'body'
    }
    return at + 1
  }

  #end(): void {
    this.#state = 'head'
    this.#listener.onEnd()
  }
}

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(first) ?? []
  if (status === undefined) throw new Error('what answers does not speak HTTP/1.1')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return { status: Number(status), headers: new Map(headers) }
}

function sizeOf(line: string): number {
  const size = Number.parseInt(line, 16)
  if (Number.isNaN(size)) throw new Error('the chunks of the answer are broken')
  return size
}
