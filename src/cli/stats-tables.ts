import type { Stats } from '../stats.js'
import { printable } from './printable.js'
import { type Cell, table } from './table.js'

/** A hub's figures for people: a table of those of the whole hub, and one of its channels. */
export function statsTables({ global, channels }: Stats): string {
  const [first] = channels
  const figures = figuresOf(global).map(([name, value]) => [heading(name), value])
  if (!first) return `${table(figures)}\n\nno channels`
  const headings = figuresOf(first).map(([name]) => heading(name))
  const rows = channels.map((channel) => figuresOf(channel).map(([, value]) => value))
  return `${table(figures)}\n\n${table([headings, ...rows])}`
}

/** All figures that fit a table, those too that only a newer hub has. */
function figuresOf(figures: object): [name: string, value: Cell][] {
  return Object.entries(figures).flatMap(([name, value]: [string, unknown]): [string, Cell][] => {
    if (typeof value === 'number') return [[name, value]]
    return typeof value === 'string' ? [[name, printable(value)]] : []
  })
}

/** The wire's names are long; without the words that say the obvious a row fits its line. */
function heading(name: string): string {
  if (name === 'id') return 'channel'
  const start = /^((broadcasted|total|channel|client)_)+/
  return name
    .replace(start, '')
    .replace(/_(events|clients)$/, '')
    .replaceAll('_', ' ')
}
