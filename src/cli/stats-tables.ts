import type { GroupStats } from '../group-stats.js'
import type { Stats } from '../stats.js'
import { printable } from './screen.js'

/** What stands in a table; numbers are right-aligned. */
type Cell = string | number

/** Figures for people: a table of all, one of the channels, and one of the hubs if it is a group. */
export function statsTables(stats: Stats | GroupStats): string {
  const { global, channels, amqp = {} } = stats
  const input = figuresOf(amqp).map(([name, value]): [string, Cell] => [`amqp_${name}`, value])
  const figures = [...figuresOf(global), ...input]
  const tables = [table(figures.map(([name, value]) => [heading(name), value]))]
  tables.push(channels.length > 0 ? listTable(channels) : 'no channels')
  if ('hubs' in stats) tables.push(listTable(stats.hubs))
  return tables.join('\n\n')
}

function listTable(list: readonly object[]): string {
  const headings = figuresOf(list[0] ?? {}).map(([name]) => heading(name))
  return table([headings, ...list.map((one) => figuresOf(one).map(([, value]) => value))])
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
