import { HubError, reasonOf } from '../errors.js'

/** How long a request may take, and as whom it is made. */
export interface RequestOptions {
  /** A token, or a publish key. */
  readonly token?: string | undefined
  /** Gives the request up. */
  readonly signal?: AbortSignal
  /** Ms to wait for the answer; 30,000 unless said otherwise. */
  readonly timeout?: number
}

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
  init: RequestInit,
  read: (response: Response) => T | Promise<T>,
  { signal, timeout = ANSWER_TIMEOUT, token }: RequestOptions = {},
): Promise<T> {
  const headers = withToken(init.headers, token)
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new Error(`nothing for ${timeout} ms`)), timeout)
  const signals = signal ? [signal, limit.signal] : [limit.signal]
  try {
    const response = await fetch(url, { ...init, headers, signal: AbortSignal.any(signals) })
    if (!response.ok) throw await refusal(response)
    return await read(response)
  } catch (error) {
    if (error instanceof HubError || signal?.aborted) throw error
    throw unreachable(url, error)
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
  init: RequestInit = {},
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

function unreachable(url: URL, cause: unknown): HubError {
  return new HubError(
    'HUB_UNREACHABLE',
    `no answer from a hub at ${url.origin} (${reasonOf(cause)}); check that it runs and that the URL is right`,
    { cause },
  )
}

async function refusal(response: Response): Promise<HubError> {
  const { status, statusText, headers } = response
  const moved = headers.get('location')
  const said = (await readObject(response).catch(() => undefined))?.message
  const message = typeof said === 'string' ? said : moved ? `it moved to ${moved}` : statusText
  return status >= 400 && status < 500
    ? new HubError('HUB_REFUSED', `the hub refused: ${message} (${status})`)
    : new HubError('HUB_FAILED', `the hub failed: ${message} (${status})`)
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
