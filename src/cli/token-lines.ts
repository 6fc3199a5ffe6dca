import type { Inspection } from '../access/inspect.js'
import { colour } from './colour.js'
import { printable } from './screen.js'

/** A token for people: what it says, when it ends, whether it counts. */
export function tokenLines({ header, claims, isValid, problem }: Inspection, now: number): string {
  const { ssehub, exp, ...others } = claims
  const rows: [string, string][] = [
    ...Object.entries(header).map(([name, value]): [string, string] => [name, shown(value)]),
    ...Object.entries(others).map(([name, value]): [string, string] => [name, shown(value)]),
    ['ssehub', shown(ssehub ?? 'nothing: it lets its bearer do nothing here')],
    ['expires', exp === undefined ? 'never' : expiry(exp, now)],
    ['valid', verdict(isValid, problem)],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows
    .map(([name, value]) => `${colour.dim(printable(name.padEnd(width)))}  ${value}`)
    .join('\n')
}

function verdict(isValid: boolean | null, problem: string | null): string {
  if (isValid) return colour.green('yes')
  const reason = printable(problem ?? '')
  return isValid === null ? colour.yellow(`not known: ${reason}`) : colour.red(`no: ${reason}`)
}

function expiry(exp: number, now: number): string {
  const date = new Date(exp * 1000)
  if (Number.isNaN(date.getTime())) return shown(exp)
  const seconds = Math.round(Math.abs(exp - now / 1000))
  const when = exp * 1000 > now ? `in ${seconds} s` : `${seconds} s ago`
  return `${date.toISOString()}, ${when}`
}

function shown(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}
