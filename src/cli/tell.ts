import { inspect, stripVTControlCharacters } from 'node:util'
import { Errors } from '@oclif/core'
import { reportOf } from './exit-code.js'
import { printable } from './screen.js'

/** Tells the user something that is not the output: a line on standard error. */
export function tell(message: string): void {
  process.stderr.write(`ssehub: ${printable(message)}\n`)
}

/**
 * Tells what has gone wrong, and sets what the process ends with.
 *
 * @param isJson whether it is told on standard output, too, as JSON
 */
export function tellFailure(error: unknown, isJson: boolean): void {
  const { code, exit, ...report } = reportOf(error)
  process.exitCode = exit
  const message = stripVTControlCharacters(report.message)
  tell(message)
  if (/(^|[\s,])(\*|ssehub)/.test(process.env.DEBUG ?? '')) tell(inspect(error))
  if (isJson) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
}

/**
 * Tells of wrong usage that no command has told of itself, as of `help`, which is oclif's own.
 *
 * @returns whether it was that
 */
export function tellMisuse(error: unknown): boolean {
  if (!(error instanceof Errors.CLIError) || error instanceof Errors.ExitError) return false
  tellFailure(error, process.argv.includes('--json'))
  return true
}
