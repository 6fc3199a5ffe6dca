import { authWarnings } from './auth-faults.js'
import { check } from './check.js'
import { type Config, toConfig } from './config.js'
import type { Override } from './environment.js'
import { ConfigError, type Fault, keyPath, valueAt } from './fault.js'
import { type FilledFile, KEYS } from './schema.js'
import { SECTIONS } from './sections.js'

/** A configuration, and what there is to say of it. */
export interface Resolved {
  readonly config: Config
  /** What is harmless but not as its author may think. */
  readonly warnings: readonly string[]
}

/** What goes into a configuration beside the file. */
export interface ResolveOptions {
  readonly env?: NodeJS.ProcessEnv
  /** Values from elsewhere, later ones before earlier ones, all before the file's. */
  readonly overrides?: readonly Override[]
  /** What is wrong with the file already. */
  readonly faults?: readonly Fault[]
}

/**
 * Makes a configuration of what a file, or a program, holds. The input is not changed.
 *
 * @param source what to call it in an error
 * @throws {ConfigError} naming every fault
 */
export function resolveConfig(
  input: unknown,
  source: string,
  { env = process.env, overrides = [], faults = [] }: ResolveOptions = {},
): Resolved {
  const file = withOverrides(input, overrides)
  const checked = check(file)
  const all = [...faults, ...('faults' in checked ? checked.faults : [])]
  if ('faults' in checked || all.length > 0) {
    throw new ConfigError(
      source,
      all.map((fault) => describe(fault, overrides)),
    )
  }
  return {
    config: toConfig(checked.filled, env),
    warnings: [
      ...neverRead(checked.filled),
      ...overruled(checked.filled),
      ...authWarnings(checked.filled),
    ],
  }
}

/** A copy with all sections, in which those can be changed. */
function withOverrides(input: unknown, overrides: readonly Override[]): unknown {
  if (!isObject(input)) return input
  const file: Record<string, unknown> = { ...input }
  for (const name of Object.keys(SECTIONS)) {
    const section = valueAt(input, [name])
    if (section !== undefined && !isObject(section)) continue
    const values = overrides.filter((override) => override.section === name)
    file[name] = { ...section, ...Object.fromEntries(values.map(({ key, value }) => [key, value])) }
  }
  return file
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Says where a fault is, by the name of the variable or flag if the value is from one. */
function describe({ path, problem }: Fault, overrides: readonly Override[]): string {
  const [section, key, ...rest] = path
  const from = overrides.findLast(
    (override) => override.section === section && override.key === key,
  )
  const place = from ? from.name + keyPath(rest) : keyPath(path) || 'all of it'
  return `${place}: ${problem}`
}

function neverRead(file: FilledFile): string[] {
  return KEYS.filter(({ schema }) => schema.deprecated)
    .filter(({ section, key }) => valueAt(file, [section, key]) !== undefined)
    .map(({ section, key, schema }) => `${section}.${key}: ${schema.description}`)
}

/** Two names of one thing that do not agree. */
function overruled({ server: { workers, threadsPerChannel } }: FilledFile): string[] {
  if (workers === undefined || threadsPerChannel === undefined) return []
  if (workers === threadsPerChannel) return []
  return [`server.threadsPerChannel: not used, as server.workers is ${workers}`]
}
