import { GAP_EVENT, type Gap } from '../channel/gap.js'
import type { TailEvent } from '../client/follower.js'
import type { DumpedEvent } from '../history-dump.js'
import { colour } from './colour.js'
import { printable } from './screen.js'

/** An event for people: its id, its type, its data; further lines of data are indented. */
export function eventLines({ id, event, data }: TailEvent): string {
  if (event === GAP_EVENT) return colour.yellow(printable(gapLine(data)))
  const name = colour.cyan(printable(id ?? '-'))
  return `${name}  ${colour.dim(printable(event))}  ${printable(data.replaceAll('\n', '\n    '))}`
}

/** An event of the history for people, with the time at which the hub took it. */
export function pastEventLines({ time, event, ...rest }: DumpedEvent): string {
  const at = colour.dim(new Date(time).toISOString())
  return `${at}  ${eventLines({ ...rest, event: event ?? 'message' })}`
}

function gapLine(data: string): string {
  try {
    const { reason, requested, oldest, newest } = JSON.parse(data) as Gap
    const why = {
      'unknown-id': `the hub does not know the id ${requested}`,
      evicted: `events after id ${requested} are no longer held`,
      slow: 'events were missed by reading too slowly',
      reset: 'the channel was emptied',
    }[reason]
    const held = oldest === null ? 'is empty' : `goes from id ${oldest} to ${newest}`
    return `gap: ${why ?? reason}; the history ${held}`
  } catch {
    return `gap: ${data}` // not from a hub, whose gaps are JSON
  }
}
