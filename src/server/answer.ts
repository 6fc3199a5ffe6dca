import { STATUS_CODES } from 'node:http'

/** An answer to a request, in JSON. */
export interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** An answer as it goes over a connection, in UTF-8, for where HTTP has no hand in that. */
export function encodeAnswer({ statusCode, headers, body }: Answer): string {
  const text = JSON.stringify(body)
  let head = `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n`
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`
  head += `Content-Type: application/json; charset=utf-8\r\n`
  head += `Content-Length: ${Buffer.byteLength(text)}\r\nDate: ${new Date().toUTCString()}\r\n`
  return `${head}\r\n${text}`
}
