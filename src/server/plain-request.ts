import { isInspection } from './target.js'

/** What a request says that subscribes or publishes, and nothing else. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST'
  /** The path and the query, as they were sent. */
  readonly url: string
  /** Names in lower case, each at most once. */
  readonly headers: Readonly<Record<string, string>>
  /** Of a POST. */
  readonly body: Buffer
}

/** Of a `#` some make an end of the target. */
const REQUEST_LINE = /^(GET|POST) (\/[\x21\x22\x24-\x7e]*) HTTP\/1\.1$/
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
 * Reads what a client has sent as one request about a channel, if it is all of one, nothing
 * follows, and nobody could read it in another way.
 *
 * @param maxHeadBytes what its head may have
 * @returns undefined for all else, which is not wrong for that
 */
export function parsePlainRequest(bytes: Buffer, maxHeadBytes: number): PlainRequest | undefined {
  const end = bytes.indexOf(HEAD_END)
  if (end === -1 || end + HEAD_END.length > maxHeadBytes) return undefined
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const [, method, url] = REQUEST_LINE.exec(requestLine) ?? []
  if (url === undefined || isInspection(url)) return undefined
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? []
    const key = name.toLowerCase()
    if (key === '' || key in headers) return undefined
    if (OF_CONNECTION.has(key) && !isUsual(key, value, method)) return undefined
    headers[key] = value
  }
  const body = bytes.subarray(end + HEAD_END.length)
  const length = method === 'POST' ? headers['content-length'] : '0'
  if (!headers.host || length !== String(body.length)) return undefined
  return { method: method as PlainRequest['method'], url, headers, body }
}

function isUsual(key: string, value: string, method: string | undefined): boolean {
  if (key === 'content-length') return method === 'POST'
  return key === 'connection' && /^(?:keep-alive|close)$/i.test(value)
}
