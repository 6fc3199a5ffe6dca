import { toEntry } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import type { Stamped } from './reading.js'

const HEAD = /^(\S+) (\d+) (\d+) (\d+) (\d+) (\S+) (\S+) ([^\n]*)/

/** The parts of an event that Redis holds as JSON; its id it knows itself. */
export function encodeEventText({ data, event, retry }: HubEvent): string {
  return JSON.stringify({ data, event, retry })
}

/** The events' texts of a message, of two lines each. */
export function splitEntries(message: string): string[] {
  const lines = message.split('\n')
  return lines.flatMap((line, at) => (at % 2 ? [] : [`${line}\n${lines[at + 1] ?? ''}`]))
}

/** What the first line of an event's text says of it. */
export interface Stamp {
  readonly sequence: number
  readonly token: string
}

/** Reads the first line alone; undefined if it is something else. */
export function decodeStamp(text: string): Stamp | undefined {
  const [, , sequence, , , , token] = HEAD.exec(text) ?? []
  return token ? { sequence: Number(sequence), token } : undefined
}

/**
 * Reads an event as Redis holds and tells it: a line with epoch, sequence, place, first, time,
 * token, the token of the event before and the id, then JSON.
 *
 * @returns undefined if it is something else
 */
export function decodeEntry(text: string): Stamped | undefined {
  const [line, epoch, sequence, place, first, time, token, previous, id] = HEAD.exec(text) ?? []
  const event = parseObject(text.slice((line?.length ?? 0) + 1))
  if (!epoch || !token || !previous || typeof event?.data !== 'string') return undefined
  const entry = toEntry(
    {
      data: event.data,
      ...(id && { id }),
      ...(typeof event.event === 'string' && { event: event.event }),
      ...(typeof event.retry === 'number' && { retry: event.retry }),
    },
    {
      sequence: Number(sequence),
      place: Number(place),
      first: Number(first),
      time: Number(time),
    },
  )
  return { epoch, token, previous: previous === '-' ? '' : previous, entry }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined // foreign
  }
}
