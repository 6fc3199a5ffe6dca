import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '../errors.js'
import { type Override, readEnvironment } from './environment.js'
import { ConfigError } from './fault.js'
import { defaultConfigFile } from './files.js'
import { type JsonDocument, readJson } from './json.js'
import { type Resolved, resolveConfig } from './resolve.js'

/** What a configuration is made of. */
export interface LoadOptions {
  /** The file; by default the one that comes with the package. */
  readonly file?: string | undefined
  /** The environment; by default that of the process. */
  readonly env?: NodeJS.ProcessEnv
  /** What the command line says. */
  readonly flags?: { readonly port?: number | undefined; readonly host?: string | undefined }
}

/** A configuration that came from a file. */
export interface LoadedConfig extends Resolved {
  /** The absolute path of the file. */
  readonly file: string
}

/**
 * Loads the configuration: flags before environment, environment before file, file before defaults.
 *
 * @throws {ConfigError} naming every fault, if it cannot be read or cannot be used
 */
export function loadConfig({
  file,
  env = process.env,
  flags = {},
}: LoadOptions = {}): LoadedConfig {
  const path = resolve(file ?? defaultConfigFile)
  const { value, repeated } = readFile(path)
  const environment = readEnvironment(env)
  const { config, warnings } = resolveConfig(value, path, {
    env,
    overrides: [...environment.overrides, ...fromFlags(flags)],
    faults: repeated.map((place) => ({ path: place, problem: 'is there more than once' })),
  })
  return { config, file: path, warnings: [...environment.warnings, ...warnings] }
}

function readFile(path: string): JsonDocument {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new ConfigError(path, [messageOf(error)])
  }
  if (!isUtf8(bytes)) throw new ConfigError(path, ['it is not UTF-8'])
  try {
    return readJson(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new ConfigError(path, [`it is not JSON: ${messageOf(error)}`])
  }
}

function fromFlags({ port, host }: NonNullable<LoadOptions['flags']>): Override[] {
  const flags: Override[] = [
    { section: 'server', key: 'port', value: port, name: '--port' },
    { section: 'server', key: 'bind-ip', value: host, name: '--host' },
  ]
  return flags.filter(({ value }) => value !== undefined)
}
