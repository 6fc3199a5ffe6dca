import { type Logger, pino } from 'pino'

/** A log that a test can read. */
export class TestLog {
  readonly lines: string[] = []
  readonly logger: Logger = pino(
    { level: 'debug' },
    { write: (line: string) => this.lines.push(line) },
  )

  /** The messages at least as serious as a warning. */
  get warnings(): string[] {
    return this.lines
      .map((line) => JSON.parse(line) as { level: number; msg: string })
      .filter(({ level }) => level >= 40)
      .map(({ msg }) => msg)
  }
}
