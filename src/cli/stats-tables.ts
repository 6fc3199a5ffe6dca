import type { Stats } from '../stats.js'
import { printable } from './screen.js'

/** What stands in a table; numbers are right-aligned. */
type Cell = string | number

/** A hub's figures for people: a table of those of the whole hub, and one of its channels. */
export function statsTables({ global, channels, amqp }: Stats): string {
  const [first] = channels
  const input = figuresOf(amqp ?? {}).map(([name, value]): [string, Cell] => [
    `amqp_${name}`,
    value,
  ])
  const figures = [...figuresOf(global), ...input].map(([name, value]) => [heading(name), value])
  if (!first) return `${table(figures)}\n\nno channels`
  const headings = figuresOf(first).map(([name]) => heading(name))
  const rows = channels.map((channel) => figuresOf(channel).map(([, value]) => value))
  return `${table(figures)}\n\n${table([headings, ...rows])}`
}

/** All figures that fit a table, those too that only a newer hub has. */
function figuresOf(figures: object): [name: string, value: Cell][] {
  return Object.entries(figures).flatMap(([name, value]: [string, unknown]): [string, Cell][] => {
    if (typeof value === 'number') return [[name, value]]
    if (typeof value === 'boolean') return [[name, value ? 'yes' : 'no']]
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

/** Lays rows out in columns; a column is right-aligned if it has numbers below its heading. */
export function table(rows: readonly (readonly Cell[])[]): string {
  const last = rows.at(-1) ?? []
  const columns = last.map((cell, column) => {
    const width = Math.max(...rows.map((row) => String(row[column] ?? '').length))
    return typeof cell === 'number'
      ? (text: string) => text.padStart(width)
      : (text: string) => text.padEnd(width)
  })
  const line = (row: readonly Cell[]) =>
    columns.map((pad, column) => pad(String(row[column] ?? ''))).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
