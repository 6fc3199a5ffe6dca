import { Args, Flags } from '@oclif/core'
import { type Inspection, inspectToken } from '../../src/access/inspect.js'
import { BaseCommand } from '../../src/cli/base-command.js'
import { EXIT, withExitCodes } from '../../src/cli/exit-code.js'
import { readLines } from '../../src/cli/input.js'
import { keyFile, readKey } from '../../src/cli/key.js'
import { tokenLines } from '../../src/cli/token-lines.js'

export default class TokenInspect extends BaseCommand {
  static override summary = 'show what a token says'
  static override description = withExitCodes(
    'Prints what a JSON Web Token says, when it ends, and whether it counts. That it is signed rightly can be told only with the key: the secret, or a public or private key. Fails if it does not count.',
  )
  static override examples = [
    '<%= config.bin %> <%= command.id %> eyJhbGciOi... --key-file secret',
    '<%= config.bin %> token --subscribe news --key-file secret | <%= config.bin %> <%= command.id %> -',
  ]
  static override args = {
    token: Args.string({ description: 'the token; - reads it', required: true, ignoreStdin: true }),
  }
  static override flags = {
    'key-file': keyFile,
    json: Flags.boolean({ description: 'print JSON: header, claims, isValid, problem' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TokenInspect)
    const text = args.token === '-' ? await firstLine() : args.token
    const key = await readKey(flags['key-file'])
    const inspection: Inspection = await inspectToken(text.trim().replace(/^bearer +/i, ''), key)
    if (flags.json) this.printJson(inspection)
    else this.print(tokenLines(inspection, Date.now()))
    if (inspection.isValid === false) this.exit(EXIT.failed)
  }
}

async function firstLine(): Promise<string> {
  for await (const line of readLines(process.stdin)) return line
  return ''
}
