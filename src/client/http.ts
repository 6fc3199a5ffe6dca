import { HubError } from '../errors.js'
import { Refusal, unreachable } from './failure.js'
import { trustingFetch } from './trusting-fetch.js'

/** How long a request may take, as whom it is made, and who is trusted to answer it. */
export interface RequestOptions {
  /** A token, or a publish key. */
  readonly token?: string | undefined
  /** Gives the request up. */
  readonly signal?: AbortSignal
  /** Ms to wait for the answer; 30,000 unless said otherwise. */
  readonly timeout?: number
  /** The certificates that a hub behind https is trusted by, in PEM; by default Node's. */
  readonly ca?: string | undefined
}

/** What is asked. */
type Init = Omit<RequestInit, 'body'> & { readonly body?: string }

const ANSWER_TIMEOUT = 30_000

/**
 * Asks a hub; an answer that is not a success is an error.
 *
 * @param read what to make of the answer; all that it waits for has to come in time too
 * @throws {HubError} `HUB_UNREACHABLE` if no answer comes, `HUB_REFUSED` if it is 4xx, with the
 * hub's own words, `HUB_FAILED` if it is anything else but 2xx; `INVALID_CONFIG` for a token that
 * cannot be sent
 */
export async function request<T>(
  url: URL,
  init: Init,
  read: (response: Response) => T | Promise<T>,
  { signal, timeout = ANSWER_TIMEOUT, token, ca }: RequestOptions = {},
): Promise<T> {
  const headers = withToken(init.headers, token)
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new Error(`nothing for ${timeout} ms`)), timeout)
  const signals = signal ? [signal, limit.signal] : [limit.signal]
  try {
    const whole = { ...init, headers, signal: AbortSignal.any(signals) }
    const isOwn = ca !== undefined && url.protocol === 'https:'
    const response = await (isOwn ? trustingFetch(url, whole, ca) : fetch(url, whole))
    if (!response.ok) throw await refusalOf(response)
    return await read(response)
  } catch (error) {
    if (error instanceof HubError || signal?.aborted) throw error
    throw unreachable(url.origin, error)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Asks a hub for JSON.
 *
 * @param members what an answer of this kind has at least
 * @throws {HubError} as `request` does; `HUB_FAILED` too if the answer is something else
 */
export async function requestJson<T>(
  url: URL,
  members: readonly (keyof T & string)[],
  init: Init = {},
  options: RequestOptions = {},
): Promise<T> {
  const value = await request(url, init, readObject, options)
  if (value && members.every((name) => Object.hasOwn(value, name))) return value as T
  throw new HubError(
    'HUB_FAILED',
    `what answers at ${url} does not seem to be a hub; check that the URL is right`,
  )
}

function withToken(headers: RequestInit['headers'], token: string | undefined): Headers {
  const all = new Headers(headers)
  if (token === undefined) return all
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new HubError('INVALID_CONFIG', 'a token has no spaces, line ends or letters beyond ASCII')
  }
  all.set('Authorization', `Bearer ${token}`)
  return all
}

async function refusalOf(response: Response): Promise<HubError> {
  const { status, statusText, headers } = response
  const moved = headers.get('location')
  const said = (await readObject(response).catch(() => undefined))?.message
  const message = typeof said === 'string' ? said : moved ? `it moved to ${moved}` : statusText
  return new Refusal(status, message)
}

/** The JSON object that an answer is; undefined for anything else, which may never end. */
async function readObject(response: Response): Promise<Record<string, unknown> | undefined> {
  if (!/^application\/json\s*(;|$)/i.test(response.headers.get('content-type') ?? '')) {
    await response.body?.cancel()
    return undefined
  }
  const text = await response.text()
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined // not JSON: not from a hub
  }
}
