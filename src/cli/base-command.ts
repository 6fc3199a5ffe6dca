import { Command, Errors } from '@oclif/core'
import { EXIT } from './exit-code.js'
import { tell, tellFailure } from './tell.js'

/** What all commands have in common: how they print, fail, and are interrupted. */
export abstract class BaseCommand extends Command {
  /** Whether to print is all that it does, so that it is done when that can be done no more. */
  protected readonly onlyPrints: boolean = false

  protected override async init(): Promise<void> {
    await super.init()
    process.stdout.on('error', () => {
      if (this.onlyPrints) process.exit()
    })
    process.once('SIGINT', () => this.interrupted())
  }

  /** What Ctrl-C does; a command with something to finish does that instead. */
  protected interrupted(): void {
    process.exit(EXIT.interrupted)
  }

  /** Whether `--json` is given; known before the flags are parsed, and if that fails. */
  override jsonEnabled(): boolean {
    const { flags = {}, baseFlags = {} } = this.ctor
    const end = this.argv.indexOf('--')
    const given = end === -1 ? this.argv : this.argv.slice(0, end)
    return 'json' in { ...flags, ...baseFlags } && given.includes('--json')
  }

  /** Writes a line to standard output. */
  protected print(line: string): void {
    process.stdout.write(`${line}\n`)
  }

  /** Writes a value to standard output, as JSON on one line. */
  protected printJson(value: unknown): void {
    this.print(JSON.stringify(value))
  }

  /** Tells the user something that is not the output: a line on standard error. */
  protected tell(message: string): void {
    tell(message)
  }

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof Errors.ExitError) throw error
    tellFailure(error, this.jsonEnabled())
  }
}
