import type { Random } from '../helpers/random.js'

/** What means something to somebody who reads a request, a URL, JSON or a stream. */
const WORDS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    '\0',
    '\t',
    ' ',
    ':',
    ': ',
    ',',
    ';',
    '"',
    '\\',
    '%',
    '%00',
    '%0a',
    '%ff',
  ],
  ...[
    'GET ',
    'POST ',
    'HEAD ',
    'OPTIONS ',
    'PUT ',
    ' HTTP/1.1\r\n',
    ' HTTP/1.0\r\n',
    'HTTP/1.1 200 OK\r\n',
  ],
  ...[
    'Host: x\r\n',
    'Content-Length: 0\r\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
  ],
  ...[
    'Connection: close\r\n',
    'Connection: keep-alive\r\n',
    'Expect: 100-continue\r\n',
    'Last-Event-ID: ',
  ],
  ...[
    'Content-Encoding: gzip\r\n',
    'Origin: ',
    '0\r\n\r\n',
    'ffffffff\r\n',
    '/',
    '/../',
    '/-/',
    '/stats',
    '?',
    '#',
    '*',
  ],
  ...[
    '{"data":',
    '"data":"x"',
    '"id":',
    '"event":',
    '"retry":',
    '"__proto__":',
    '{',
    '}',
    '[',
    ']',
    'null',
    'true',
  ],
  ...[
    '-1',
    '0',
    '1e999',
    '99999999999999999999',
    '\\u0000',
    '\\ud800',
    '\\r\\n',
    'id: 9\n',
    'data: forged\n\n',
  ],
  ...['\ufeff', '\u2028', '\x7f', '\x80', '\xff', '\xc3\x28', '\xed\xa0\x80'],
].map((word) => Buffer.from(word, 'latin1'))

type Mutation = (bytes: Buffer, random: Random) => Buffer

const join = (...parts: readonly Buffer[]) => Buffer.concat(parts)

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  /** A bit flipped. */
  (bytes, random) => {
    const at = random.below(bytes.length)
    const flipped = Buffer.from(bytes)
    flipped[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return flipped
  },
  /** A word put in. */
  (bytes, random) => {
    const at = random.below(bytes.length + 1)
    return join(bytes.subarray(0, at), random.pick(WORDS) ?? bytes, bytes.subarray(at))
  },
  /** A word in place of something. */
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    return join(bytes.subarray(0, from), random.pick(WORDS) ?? bytes, bytes.subarray(to))
  },
  /** Something left out. */
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    return join(bytes.subarray(0, from), bytes.subarray(to))
  },
  /** Something many times. */
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    const times = random.pick([1, 2, 100, 2000] as const)
    const part = bytes.subarray(from, Math.min(to, from + 32))
    return join(bytes.subarray(0, to), ...Array<Buffer>(times).fill(part), bytes.subarray(to))
  },
  /** A number that is another. */
  (bytes, random) => {
    const text = bytes.toString('latin1')
    const numbers = [...text.matchAll(/\d+/g)]
    const found = random.pick(numbers)
    if (!found) return bytes
    const number = random.pick(['0', '1', '-1', '65536', '4294967296', '9'.repeat(30)] as const)
    const { index, 0: old } = found
    return Buffer.from(text.slice(0, index) + number + text.slice(index + old.length), 'latin1')
  },
  /** Bytes of no meaning. */
  (bytes, random) => {
    const at = random.below(bytes.length + 1)
    const noise = Buffer.from(
      Array.from({ length: random.between(1, 64) }, () => random.below(256)),
    )
    return join(bytes.subarray(0, at), noise, bytes.subarray(at))
  },
  /** No end. */
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
]

/** The most bytes of an input. */
const MOST = 65_536

/** One input: some of a corpus, one behind the other, each changed in a few places. */
export function mutate(corpus: readonly Buffer[], random: Random): Buffer {
  const count = random.pick([1, 1, 1, 2, 3] as const)
  const parts = Array.from({ length: count }, () => {
    let bytes = random.pick(corpus) ?? Buffer.alloc(0)
    for (let left = random.between(0, 4); left > 0 && bytes.length > 0; left -= 1) {
      bytes = random.pick(MUTATIONS)(bytes, random)
    }
    return bytes
  })
  return join(...parts).subarray(0, MOST)
}

function range(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length)
  return [from, Math.min(bytes.length, from + random.between(1, 16))]
}
