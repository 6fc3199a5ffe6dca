import { Errors } from '@oclif/core'
import { reportOf } from './exit-code.js'
import { printable } from './screen.js'

/**
 * Tells of wrong usage that no command has told of itself, as of `help`, which is oclif's own.
 *
 * @returns whether it was that
 */
export function tellMisuse(error: unknown): boolean {
  if (!(error instanceof Errors.CLIError) || error instanceof Errors.ExitError) return false
  const { code, message, exit } = reportOf(error)
  const text = printable(message)
  process.stderr.write(`ssehub: ${text}\n`)
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ error: { code, message: text } })}\n`)
  }
  process.exitCode = exit
  return true
}
