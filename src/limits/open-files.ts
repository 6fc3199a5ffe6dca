import { readFileSync } from 'node:fs'
import type { Config } from '../config/config.js'

/** The limit of open files that a process without one has, and that no hub comes near. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** Files that connections are not given: a share, but neither less nor more than this. */
const RESERVE = { share: 1 / 8, least: 64, most: 1024 }

/** Connections at most where the configuration does not say, however many files may be open. */
const DEFAULT_MAX_CONNECTIONS = 100_000

/** With less room than this a hub says so at the start, though nobody asked for more. */
const COMFORT = 4096

/** How much room a hub has for connections. */
export interface ConnectionRoom {
  /** Connections at most, of all its processes together. */
  readonly maxConnections: number
  /** How many that are refused are answered at once, in one process. */
  readonly maxRefusals: number
  /** What its operator should know, and can do. */
  readonly warning: string | undefined
}

/**
 * How much room for connections the limit of open files leaves: each takes a file, and so do the
 * store, the log, and those connections that are only told to come back.
 *
 * @param openFiles how many files a process may have open
 */
export function connectionRoom(
  { maxConnections, workers }: Pick<Config['server'], 'maxConnections' | 'workers'>,
  openFiles: number = openFilesLimit(),
): ConnectionRoom {
  const { share, least, most } = RESERVE
  const reserve = Math.min(Math.max(Math.floor(openFiles * share), least), most)
  const room = Math.max((openFiles - reserve) * workers, workers)
  const wanted = maxConnections ?? DEFAULT_MAX_CONNECTIONS
  const isTight = maxConnections ? maxConnections > room : room < COMFORT
  const files = Math.ceil((wanted || DEFAULT_MAX_CONNECTIONS) / workers) + most
  return {
    maxConnections: Math.min(wanted || room, room),
    maxRefusals: Math.floor(reserve / 2),
    warning: isTight
      ? `${openFiles} open files allow for ${room} connections` +
        `${maxConnections ? `, not the ${maxConnections} of server.maxConnections` : ''}: raise the ` +
        `limit of open files, as by "ulimit -n ${files}", or LimitNOFILE=${files} in the unit of ` +
        'systemd, or set server.maxConnections to what is enough'
      : undefined,
  }
}

/** How many files this process may have open. */
export function openFilesLimit(): number {
  const soft = softLimit()
  return soft === undefined || !Number.isFinite(soft) ? NO_LIMIT : soft
}

function softLimit(): number | undefined {
  try {
    const text = readFileSync('/proc/self/limits', 'utf8')
    return toNumber(/^Max open files\s+(\S+)/m.exec(text)?.[1])
  } catch {
    // Not Linux: what Node knows of it.
    const report = process.report?.getReport() as
      | { userLimits?: { open_files?: { soft?: string | number } } }
      | undefined
    return toNumber(report?.userLimits?.open_files?.soft)
  }
}

function toNumber(limit: string | number | undefined): number | undefined {
  return limit === undefined || limit === 'unlimited' ? undefined : Number(limit)
}
