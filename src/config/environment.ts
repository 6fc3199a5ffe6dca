import { nearest } from './nearest.js'
import { KEYS, type Key, type SchemaNode } from './schema.js'

/** A value from outside the file for one of its keys. */
export interface Override {
  readonly section: string
  readonly key: string
  readonly value: unknown
  /** What a user knows it by: a variable, a flag. */
  readonly name: string
}

/** Every key that a variable can set, by the end of the variable's name: `SERVER_PINGINTERVAL`. */
const KEYS_BY_NAME: ReadonlyMap<string, Key> = new Map(
  KEYS.filter(({ schema }) => !schema.deprecated).map((key) => [
    `${key.section}_${bare(key.key)}`.toUpperCase(),
    key,
  ]),
)

/** What their variables are called, by the same without the underscores within. */
const NAMES: ReadonlyMap<string, string> = new Map(
  [...KEYS_BY_NAME.keys()].map((end) => [end.replace('_', ''), `SSEHUB_${end}`]),
)

const OUR_NAME = /^SSEHUB_(SERVER|TLS|AMQP|REDIS|AUTH|LEVELDB|DEFAULT|CHANNELS)(?:_(.*))?$/

/** Characters that may be wrong in a name to be told the right one; less where it may be another's. */
const SLIPS = { ours: 3, others: 2 }

/** For a service named `ssehub-redis`, Kubernetes sets SSEHUB_REDIS_PORT to such a value. */
const SERVICE_LINK = /^(tcp|udp|sctp):\/\//

/**
 * Takes from the environment what is meant for the configuration: `SSEHUB_SERVER_PORT`, and the
 * original's `serverport`, which yields to it. An empty variable counts as one that is not set.
 * [ssehub]
 *
 * @returns values in the type that the schema has for them, or else as the text that they are;
 *   and warnings for variables of our prefix that set nothing
 */
export function readEnvironment(env: NodeJS.ProcessEnv): {
  overrides: Override[]
  warnings: string[]
} {
  const overrides: Override[] = []
  const warnings: string[] = []
  for (const key of KEYS_BY_NAME.values()) {
    const name = key.section + bare(key.key)
    const text = env[name]
    if (text) overrides.push(override(key, name, text))
  }
  const setBy = new Map<Key, string>()
  for (const name of Object.keys(env).sort()) {
    const [, section, rest = ''] = OUR_NAME.exec(name) ?? []
    const text = env[name]
    const meant = section ? undefined : nearestTo(name, SLIPS.others)
    if (!text || (!section && !meant)) continue
    const key = KEYS_BY_NAME.get(`${section}_${rest.replaceAll('_', '')}`)
    const fault = key ? faultOf(text, key, setBy.get(key)) : noSuchKey(name)
    if (fault) warnings.push(`${name} is not used: ${fault}`)
    if (!key || fault) continue
    setBy.set(key, name)
    overrides.push(override(key, name, text))
  }
  return { overrides, warnings }
}

function faultOf(text: string, { schema }: Key, earlier: string | undefined): string | undefined {
  if (earlier) return `${earlier} sets the same key`
  return schema.type === 'integer' && SERVICE_LINK.test(text)
    ? 'it looks like what Kubernetes sets for a service of this name'
    : undefined
}

function noSuchKey(name: string): string {
  const meant = nearestTo(name, SLIPS.ours)
  return `there is no such key${meant ? `; is ${meant} meant?` : ''}`
}

/** The variable that one was meant to be which is called nearly so. */
function nearestTo(name: string, slips: number): string | undefined {
  const [, end] = /^SSEHUB_(.*)$/.exec(name) ?? []
  if (end === undefined) return undefined
  return NAMES.get(nearest(end.replaceAll('_', ''), NAMES.keys(), slips) ?? '')
}

function override({ section, key, schema }: Key, name: string, text: string): Override {
  return { section, key, value: fromText(text, schema), name }
}

function bare(key: string): string {
  return key.replaceAll('-', '')
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

function fromText(text: string, { type, anyOf = [] }: SchemaNode): unknown {
  if (anyOf.some((kind) => kind.const === text)) return text
  if (type === 'boolean') return BOOLEANS.get(text) ?? text
  if (type === 'integer') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  if ([type, ...anyOf.map((kind) => kind.type)].includes('array')) return toList(text)
  return text
}

/** Reads a list: JSON, or its items between commas. */
function toList(text: string): unknown {
  if (!text.startsWith('[')) return text.split(',').map((item) => item.trim())
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
