import { type Action, covers, type Grants } from '../access/grants.js'
import type { Origins } from '../access/origins.js'
import { TokenError } from '../access/verifier.js'
import type { ServerContext } from './context.js'
import { credentialsOf } from './credentials.js'
import { HttpError } from './errors.js'
import type { HubRequest } from './hub-request.js'

/** Why a request is refused: its status, what to tell, and how RFC 6750 calls it. */
interface Refusal {
  readonly status: 400 | 401 | 403
  readonly reason: string
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
}

/**
 * Lets a request do something to a channel, or refuses it.
 *
 * @returns what its token lets it do; undefined where everybody may
 * @throws {HttpError} 400 for several tokens, 401 without one that counts, 403 for one that does
 * not name the channel
 * @throws {HubError} `KEYS_UNAVAILABLE`
 */
export async function authorize(
  request: HubRequest,
  action: Action,
  channel: string,
  context: ServerContext,
): Promise<Grants | undefined> {
  const policy = context.policies.for(channel)
  const rule = policy[action]
  if (rule === 'public') return undefined
  const log = (reason: string) => logRefusal(request, context, { action, channel, reason })
  if (rule === 'nobody') throw refuse({ status: 403, reason: `nobody may ${action} here` }, log)
  const grants = await grantsOf(request, policy.origins, context, log)
  if (covers(grants[action], channel)) return grants
  const reason = `the token does not name this channel for its bearer to ${action}`
  throw refuse({ status: 403, reason, error: 'insufficient_scope' }, log)
}

/** The same for the hub's figures. */
export async function authorizeStats(request: HubRequest, context: ServerContext): Promise<void> {
  if (context.config.auth.stats === 'public') return
  const log = (reason: string) => logRefusal(request, context, { action: 'stats', reason })
  const { stats } = await grantsOf(request, context.policies.default.origins, context, log)
  if (stats) return
  const reason = `the token does not let its bearer see the hub's figures`
  throw refuse({ status: 403, reason, error: 'insufficient_scope' }, log)
}

/** What a request's one token lets it do. */
async function grantsOf(
  { raw, queryTokens }: HubRequest,
  origins: Origins,
  { config, authority }: ServerContext,
  log: (reason: string) => void,
): Promise<Grants> {
  const credentials = credentialsOf(raw, queryTokens, config.auth, origins)
  const [credential] = credentials
  if (!credential) throw refuse({ status: 401, reason: 'this needs a token' }, log)
  if (credentials.length > 1) {
    const places = credentials.map(({ place }) => place).join(', ')
    const reason = `there are several tokens (${places}); send one`
    throw refuse({ status: 400, reason, error: 'invalid_request' }, log)
  }
  try {
    return await authority.grantsOf(credential.token, credential.place === 'header')
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    const reason = `the token does not count: ${error.message}`
    throw refuse({ status: 401, reason, error: 'invalid_token' }, log)
  }
}

/** @param log is told why, but not what the token was */
function refuse({ status, reason, error }: Refusal, log: (reason: string) => void): HttpError {
  log(reason)
  const details = error ? `, error="${error}", error_description="${quotable(reason)}"` : ''
  const challenge =
    status === 401 || error ? { 'WWW-Authenticate': `Bearer realm="ssehub"${details}` } : {}
  return new HttpError(status, reason, challenge)
}

function quotable(text: string): string {
  return text.replaceAll('"', "'")
}

/**
 * Tells the log who was refused what.
 *
 * @param reason one of few
 */
export function logRefusal(
  { address }: HubRequest,
  { burstLog }: ServerContext,
  { action, channel, reason }: { action: string; channel?: string; reason: string },
): void {
  const details = { ...(channel !== undefined && { channel }), address: address ?? null }
  burstLog.tell('info', 'a request was refused', { action, reason }, details)
}
