import { ALGORITHMS, type Algorithm, isShort, SHORT } from '../access/key.js'
import { parseKeys } from '../access/key-text.js'
import { messageOf } from '../errors.js'
import { type Fault, valueAt } from './fault.js'
import type { FilledFile } from './schema.js'

/** Characters; each try takes a request, so that less will do than for a secret of tokens. */
const MIN_PUBLISH_KEY = 16

const SOURCES = ['key', 'keyFile', 'jwksUrl'] as const

/**
 * Keys of `auth` that do not go together, and what asks for tokens that nothing can verify.
 *
 * @param file also one that has other faults; what they are is not told here
 */
export function authFaults(file: unknown): Fault[] {
  const given = (name: string) => valueAt(file, ['auth', name])
  const sources = SOURCES.filter((name) => given(name) !== undefined)
  const faults: Fault[] = sources.slice(1).map((name) => ({
    path: ['auth', name],
    problem: `found ${name} beside ${sources[0]}, wants one of ${SOURCES.join(', ')}`,
  }))
  const named = listOf(given('algorithms'))
  const algorithms = ALGORITHMS.filter((name) => named.includes(name))
  const isNamed = algorithms.length > 0
  if (sources.includes('jwksUrl') && isNamed && algorithms.every((name) => name.startsWith('HS'))) {
    const others = ALGORITHMS.filter((name) => !name.startsWith('HS'))
    const problem = `found only algorithms of secrets, wants some of public keys: ${others.join(', ')}`
    faults.push({ path: ['auth', 'algorithms'], problem })
  }
  const key = given('key')
  const keyProblem =
    typeof key === 'string' ? problemOf(key, isNamed ? algorithms : undefined) : undefined
  if (keyProblem) faults.push({ path: ['auth', 'key'], problem: keyProblem })
  if (sources.length > 0) return faults
  const hasPublishKeys = listOf(given('publishKeys')).length > 0
  for (const path of asking(file)) {
    if (path.at(-1) === 'publish' && hasPublishKeys) continue
    const wanted = SOURCES.map((name) => `auth.${name}`).join(', ')
    faults.push({ path, problem: `found "token", but nothing to verify one with; wants ${wanted}` })
  }
  return faults
}

/** What is wrong with a key; what it is goes into no message. */
function problemOf(key: string, algorithms: readonly Algorithm[] | undefined): string | undefined {
  try {
    parseKeys(Buffer.from(key), 'public', algorithms)
    return undefined
  } catch (error) {
    return `cannot be used: ${messageOf(error)}`
  }
}

/** Keys that nothing asks for, and one that is too short. */
export function authWarnings(file: FilledFile): string[] {
  const { auth } = file
  const asked = new Set(asking(file).map((path) => path.at(-1)))
  const warnings: string[] = []
  if (auth.publishKeys?.length && !asked.has('publish')) {
    warnings.push('auth.publishKeys: not asked for, as no "publish" is "token"')
  }
  for (const [index, key] of (auth.publishKeys ?? []).entries()) {
    if (key.length >= MIN_PUBLISH_KEY) continue
    const wanted = `a key of less than ${MIN_PUBLISH_KEY} characters can be found by trying`
    warnings.push(
      `auth.publishKeys[${index}]: ${wanted}; "openssl rand -base64 32" makes a good one`,
    )
  }
  if (auth.key !== undefined && parseKeys(Buffer.from(auth.key), 'public').some(isShort)) {
    warnings.push(`auth.key: ${SHORT}`)
  }
  const source = SOURCES.find((name) => auth[name] !== undefined)
  if (source && asked.size === 0) {
    warnings.push(
      `auth.${source}: tokens are not asked for, as no "publish" or "subscribe" is "token"`,
    )
  }
  return warnings
}

/** Where the file asks for tokens. */
function asking(file: unknown): Fault['path'][] {
  const rules = ['publish', 'subscribe'] as const
  const channels = listOf(valueAt(file, ['channels']))
  const places: Fault['path'][] = [
    ...rules.map((rule) => ['default', rule]),
    ...channels.flatMap((_, index) => rules.map((rule) => ['channels', index, rule])),
    ['auth', 'stats'],
  ]
  return places.filter((path) => valueAt(file, path) === 'token')
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
