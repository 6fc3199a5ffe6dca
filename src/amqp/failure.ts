import type { AmqpAddress } from '../config/amqp-url.js'
import { foreignCodeOf, HubError, reasonOf } from '../errors.js'
import { brokerUrl } from './connection.js'

/** What to do about a refusal, by its reply code. [spec] */
const ADVICE: Readonly<Record<string, string>> = {
  403: 'check the user, its password and its permissions',
  404: 'check the name, or make it',
  405: 'another connection has it for itself',
  406: 'delete what is there by that name, or use another name',
}

/** The broker is there, but is on its way down. [spec] */
const CONNECTION_FORCED = '320'

/** What an error of the AMQP client comes from, in words that say what to do. */
export function brokerError(error: unknown, address: AmqpAddress): HubError {
  return refusal(error, address) ?? unreachable(error, address)
}

/** The error for what a broker has refused; undefined if the error is not of that kind. */
export function refusal(error: unknown, address: AmqpAddress): HubError | undefined {
  const message = error instanceof Error ? error.message : ''
  const [, code = '', text = ''] =
    /(\d{3}) \([A-Z-]+\) with message "(.*?)\.?"$/s.exec(message) ?? []
  if (code === CONNECTION_FORCED) return undefined
  // The only thing that is refused so late in the handshake; why, the client does not tell.
  const isVhost = message.includes('got <ConnectionClose')
  if (!code && !isVhost) return undefined
  const reason = isVhost
    ? `there is no virtual host ${address.vhost}, or not for the user ${address.user}`
    : [text, ADVICE[code]].filter(Boolean).join('; ')
  return new HubError('BROKER_REFUSED', `the broker at ${brokerUrl(address)} refused: ${reason}`, {
    cause: error,
  })
}

function unreachable(error: unknown, address: AmqpAddress): HubError {
  return new HubError(
    'BROKER_UNREACHABLE',
    `no answer from a broker at ${brokerUrl(address)} (${reasonOf(error)}); check that it runs and that the address is right`,
    { cause: error },
  )
}

/** Whether an error is that there is no exchange or queue of that name. [spec] */
export function isNotFound(error: unknown): boolean {
  return foreignCodeOf(error) === 404
}
