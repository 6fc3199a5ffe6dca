import { HubError } from '../errors.js'

/** Where in a configuration something is. */
export type Path = readonly (string | number)[]

/** One thing that is wrong with a configuration. */
export interface Fault {
  readonly path: Path
  /** What was found and what is wanted. */
  readonly problem: string
}

/** A configuration that cannot be used. Its message has a line for each fault. */
export class ConfigError extends HubError {
  constructor(
    source: string,
    readonly faults: readonly string[],
  ) {
    super('INVALID_CONFIG', [`${source} cannot be used:`, ...faults].join('\n  '))
  }
}

/** Writes a path as in `channels[0].path`. */
export function keyPath(path: Path): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (!/^[\w$-]+$/.test(key)) text += `[${shown(key)}]`
    else text += text === '' ? key : `.${key}`
  }
  return text
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value
  for (const key of path) {
    const holds = typeof found === 'object' && found !== null && Object.hasOwn(found, key)
    found = holds ? (found as Record<string | number, unknown>)[key] : undefined
  }
  return found
}

const MAX_SHOWN = 60

/** Shows a value that was found; lists and objects, which may hold secrets, only by their kind. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(cut(value.replace(/\/\/.*@/s, '//...@')))
    case 'undefined':
      return 'nothing'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? 'a list' : 'an object'
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return `a ${typeof value}`
  }
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text
}
