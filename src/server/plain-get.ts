/** What a request says that asks for a page and nothing else. */
export interface PlainGet {
  /** The path and the query, as they were sent. */
  readonly url: string
  /** Names in lower case, each at most once. */
  readonly headers: Readonly<Record<string, string>>
}

const REQUEST_LINE = /^GET (\/[\x21-\x7e]*) HTTP\/1\.1$/
/** With no space about the value but the usual one. */
const HEADER =
  /^([\w!#$%&'*+.^`|~-]+): ?([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
const HEAD_END = '\r\n\r\n'

/** Headers that say what follows a request, or what is to become of its connection. */
const OF_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads what a client has sent as a request without a body, if it is all of one, nothing follows,
 * and nobody could read it in another way.
 *
 * @returns undefined for all else, which is not wrong for that
 */
export function parsePlainGet(bytes: Buffer): PlainGet | undefined {
  const text = bytes.toString('latin1')
  if (text.indexOf(HEAD_END) !== text.length - HEAD_END.length) return undefined
  const [requestLine = '', ...lines] = text.slice(0, -HEAD_END.length).split('\r\n')
  const url = REQUEST_LINE.exec(requestLine)?.[1]
  if (url === undefined) return undefined
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? []
    const key = name.toLowerCase()
    if (key === '' || key in headers) return undefined
    if (OF_CONNECTION.has(key) && !isUsual(key, value)) return undefined
    headers[key] = value
  }
  return headers.host ? { url, headers } : undefined
}

function isUsual(key: string, value: string): boolean {
  return key === 'connection' && /^(?:keep-alive|close)$/i.test(value)
}
