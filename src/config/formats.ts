import { isIP } from 'node:net'
import { parseOrigin } from '../access/origins.js'
import { parseRange } from '../access/range.js'
import { channelNameFault } from '../channel/name.js'
import { parseAmqpUrl } from './amqp-url.js'
import { parseRedisUrl } from './redis-url.js'

/** What a text can be held to by the schema's `format`, and how to say so. */
export const FORMATS = {
  host: {
    wants: 'an IP address or host name',
    validate: (text: string) => isIP(text) !== 0 || isHostName(text),
  },
  range: {
    wants: 'an IPv4 or IPv6 address or CIDR range',
    validate: (text: string) => parseRange(text) !== undefined,
  },
  origin: {
    wants: 'an origin like "https://host" or "http://host:8080", without a path; or "null" or "*"',
    validate: (text: string) => text === '*' || parseOrigin(text) !== undefined,
  },
  'http-url': {
    wants: 'an http:// or https:// URL without user and fragment',
    validate: isHttpUrl,
  },
  cookie: {
    wants: 'the name of a cookie',
    validate: (text: string) => /^[!#$%&'*+.^`|~\w-]+$/.test(text),
  },
  bearer: {
    wants: 'a key of letters, digits and -._~+/',
    validate: (text: string) => /^[\w.~+/-]+=*$/.test(text),
  },
  channel: {
    wants:
      'a channel name: 1 to 128 characters, no control characters, not beginning with "-/", ' +
      'not "stats"',
    // A request for /stats is answered with the hub's figures.
    validate: (text: string) => channelNameFault(text) === undefined && text !== 'stats',
  },
  'amqp-url': {
    wants: 'a URL like amqp://user:password@host:5672/vhost, or amqps://',
    validate: (text: string) => parseAmqpUrl(text) !== undefined,
  },
  'redis-url': {
    wants:
      'a URL like redis://user:password@host:6379/0, redis+sentinel://host:26379,host/name or ' +
      'redis+cluster://host:6379,host; with rediss for TLS',
    validate: (text: string) => parseRedisUrl(text) !== undefined,
  },
} as const

const LABEL = /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/i

/** A name whose last label is a number would be taken for an IPv4 address, and a bad one. */
function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.')
  const isNumber = /^(\d+|0x[\da-f]*)$/i.test(labels.at(-1) ?? '')
  return text.length <= 253 && !isNumber && labels.every((label) => LABEL.test(label))
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return /^https?:$/.test(protocol) && !username && !password && !hash
}
