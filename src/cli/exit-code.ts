import { Errors } from '@oclif/core'
import { type ErrorCode, foreignCodeOf, HubError, messageOf } from '../errors.js'
import { openFilesLimit } from '../limits/open-files.js'

/** What a command ends with. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  interrupted: 130,
} as const

const EXIT_OF: Partial<Record<ErrorCode, number>> = {
  INVALID_EVENT: EXIT.usage,
  INVALID_CHANNEL: EXIT.usage,
  INVALID_CONFIG: EXIT.usage,
  HUB_REFUSED: EXIT.refused,
  HUB_UNREACHABLE: EXIT.unreachable,
  STORE_UNAVAILABLE: EXIT.unreachable,
  BROKER_REFUSED: EXIT.refused,
  BROKER_UNREACHABLE: EXIT.unreachable,
}

/** With more open files than this the program's own files can be opened, all at once. */
const FEW_FILES = 256

/** An error as a command reports it. */
interface Report {
  readonly code: string
  readonly message: string
  readonly exit: number
}

/** What to tell of an error, and what to end with; the one place that knows. */
export function reportOf(error: unknown): Report {
  const message = tooFewFiles(error) ?? messageOf(error)
  if (error instanceof HubError) {
    return { code: error.code, message, exit: EXIT_OF[error.code] ?? EXIT.failed }
  }
  if (error instanceof Errors.CLIError) {
    return { code: 'INVALID_USAGE', message: onOneLine(message), exit: EXIT.usage }
  }
  return { code: 'FAILED', message, exit: EXIT.failed }
}

/** What oclif says of a wrong flag, which it breaks over three lines. */
function onOneLine(message: string): string {
  return message
    .replace(/^Parsing (--\S+) \n\t/, '$1: ')
    .replace(/\s*\nSee more help with --help$/, '; see --help')
}

/** What to tell where not even the program's own files can be opened; Node says they are not there. */
function tooFewFiles(error: unknown): string | undefined {
  const code = foreignCodeOf(error)
  if (code !== 'EMFILE' && code !== 'ERR_MODULE_NOT_FOUND') return undefined
  const limit = openFilesLimit()
  if (limit > FEW_FILES) return undefined
  return `${limit} open files are too few to start; raise their limit, as by "ulimit -n 65536"`
}

/** The description of a command, with what it ends with. */
export function withExitCodes(description: string, ...more: string[]): string {
  const codes = ['0 done', '1 failed', '2 wrong usage', ...more, '130 interrupted']
  return `${description}\n\nExit codes: ${codes.join(', ')}.`
}

/** The exit codes of commands that talk to a hub. */
export const HUB_EXIT_CODES = ['3 refused by the hub', '4 no hub reached'] as const

/** The same of the one that talks to a broker, too. */
export const PUBLISH_EXIT_CODES = [
  '3 refused by the hub or broker',
  '4 no hub or broker reached',
] as const
