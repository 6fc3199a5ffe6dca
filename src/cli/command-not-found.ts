import type { Hook } from '@oclif/core'
import { nearest } from '../config/nearest.js'
import { EXIT } from './exit-code.js'
import { printable } from './screen.js'

/** Characters that may be wrong in the name of a command to be told the right one. */
const SLIPS = 2

/** Says that there is no command of a name; oclif calls it. */
export const commandNotFound: Hook<'command_not_found'> = async function ({ id, argv, config }) {
  const [first = '', ...others] = id.split(':') // what came after the command is there, too
  const isTopic = config.topics.some(({ name }) => name === first)
  const name = isTopic ? [first, ...others.slice(0, 1)].join(' ') : first
  const commands = config.commandIDs.map((command) => command.replaceAll(':', ' '))
  const meant = nearest(name, commands, SLIPS)
  const hint = meant ? `is "${meant}" meant? ` : ''
  const problem = `there is no command ${JSON.stringify(name)}; ${hint}`
  const message = printable(`${problem}"${config.bin} --help" lists all`)
  process.stderr.write(`${config.bin}: ${message}\n`)
  if (argv?.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ error: { code: 'INVALID_USAGE', message } })}\n`)
  }
  this.exit(EXIT.usage)
}
