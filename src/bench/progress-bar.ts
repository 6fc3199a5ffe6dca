import { now } from './clock.js'

/** How far a run is. */
export interface BenchProgress {
  readonly phase: 'connecting' | 'warming up' | 'publishing' | 'resuming'
  readonly done: number
  /** 0 where only the time says when it is over. */
  readonly of: number
  readonly delivered: number
}

const WIDTH = 24
const CLEAR_LINE = '\r\x1b[K'

/** A bar on a terminal that says how far a run is; nothing at all where there is no terminal. */
export class ProgressBar {
  readonly #terminal: NodeJS.WriteStream
  #last = { delivered: 0, at: 0 }

  constructor(terminal: NodeJS.WriteStream) {
    this.#terminal = terminal
  }

  show({ phase, done, of, delivered }: BenchProgress): void {
    if (!this.#terminal.isTTY) return
    const bar = of > 0 ? barOf(Math.min(1, Math.max(0, done / of))) : `${Math.max(0, done)} events`
    const line = `${phase.padEnd(10)} ${bar}${this.#pace(delivered)}`
    this.#terminal.write(CLEAR_LINE + line.slice(0, (this.#terminal.columns || 80) - 1))
  }

  clear(): void {
    if (this.#terminal.isTTY) this.#terminal.write(CLEAR_LINE)
  }

  #pace(delivered: number): string {
    const { delivered: before, at } = this.#last
    this.#last = { delivered, at: now() }
    const perSecond = ((delivered - before) * 1e6) / (this.#last.at - at)
    return delivered > before ? `  ${Math.round(perSecond).toLocaleString('en')} a second` : ''
  }
}

function barOf(share: number): string {
  const filled = '#'.repeat(Math.round(share * WIDTH))
  return `[${filled.padEnd(WIDTH, '.')}] ${Math.round(share * 100)} %`
}
