import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { Readable } from 'node:stream'

/** What `fetch` takes, as far as it is of use here. */
type Init = Pick<RequestInit, 'method' | 'headers' | 'signal'> & { body?: string }

/** Answers without a body, which `Response` does not want to be given one. [spec] */
const BODILESS = new Set([204, 205, 304])

/**
 * `fetch` over HTTPS from a server that is trusted by certificates of one's own, in PEM, and by no
 * others: that cannot be said to Node's. Redirects are not followed.
 */
export async function trustingFetch(url: URL, init: Init, ca: string): Promise<Response> {
  const { method = 'GET', headers, body, signal } = init
  const asked = request(url, {
    method,
    headers: Object.fromEntries(new Headers(headers)),
    ca,
    ...(signal && { signal }),
  })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  asked.on('error', () => {}) // an answer may come before all is sent, and then the end
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = answer
  const isBodiless = BODILESS.has(status)
  if (isBodiless) answer.resume()
  const content = isBodiless ? null : (Readable.toWeb(answer) as ReadableStream)
  return new Response(content, { status, statusText, headers: pairs(rawHeaders) })
}

function pairs(list: readonly string[]): [string, string][] {
  const all: [string, string][] = []
  for (let index = 0; index < list.length; index += 2) {
    all.push([list[index] as string, list[index + 1] as string])
  }
  return all
}
