const HOME = '\x1b[H'
const CLEAR_TO_END_OF_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/**
 * What draws a text over what a terminal shows, from its top; nothing is cleared before it is
 * drawn over, so nothing flickers. What has no room is left out, below and to the right.
 *
 * @param screen how many lines and columns the terminal has; 0 where that is not known
 */
export function redraw(text: string, screen: { rows: number; columns: number }): string {
  const rows = screen.rows || Number.POSITIVE_INFINITY
  const columns = screen.columns || Number.POSITIVE_INFINITY
  const lines = text.split('\n').slice(0, rows - 1)
  const drawn = lines.map((line) => `${line.slice(0, columns)}${CLEAR_TO_END_OF_LINE}\n`)
  return `${HOME}${drawn.join('')}${CLEAR_BELOW}`
}

/** Makes control characters visible, so that what others wrote cannot steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
