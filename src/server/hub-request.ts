import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { AccessList } from '../access/access-list.js'
import { clientAddress } from '../access/client-address.js'
import type { PlainRequest } from './plain-request.js'
import { takeTokens } from './query-tokens.js'
import { parseTarget, type Target } from './target.js'

/** A request about a channel as the routes see it, whoever has read it. */
export interface HubRequest {
  readonly raw: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket'>
  /** What it is about, unless that is the hub itself. */
  readonly target: Target
  /** Where it comes from; undefined where that cannot be told for certain. */
  readonly address: string | undefined
  /** The tokens that were in its query, where nothing finds them any more. */
  readonly queryTokens: readonly string[]
}

/**
 * A request that HTTP has not seen.
 *
 * @throws {HubError} `INVALID_CHANNEL`
 */
export function plainHubRequest(
  { url, headers }: PlainRequest,
  socket: Socket,
  trustedProxies: AccessList,
): HubRequest {
  const { target, tokens } = takeTokens(url)
  const raw = new PlainMessage(socket, headers)
  return {
    raw,
    target: parseTarget(target),
    address: clientAddress(raw, trustedProxies),
    queryTokens: tokens,
  }
}

/** What Node has of a request. */
export class PlainMessage {
  constructor(
    readonly socket: Socket,
    readonly headers: Readonly<Record<string, string>>,
  ) {}

  get rawHeaders(): string[] {
    return Object.entries(this.headers).flat()
  }
}
