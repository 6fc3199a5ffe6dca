import { crc32 } from 'node:zlib'
import { type KeptEntry, toEntry } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import type { Departed } from '../event/history.js'

/**
 * How channels lie in the database: for each a row about it under `m\0NAME`, and a row for each
 * event under `e\0NAME\0SEQUENCE`, the number as 16 hexadecimal digits so that keys sort as
 * numbers do, and one under `d\0NAME\0KEY` for each delivery that is known again, with the number
 * of its event. No name holds a NUL. Values are JSON; after those about channels and events comes a
 * checksum of key and value, for LevelDB gives back what has changed on the disk as if it had not.
 */
export const CHANNEL_ROWS = { gt: 'm\0', lt: 'm\x01' }

/** What the database knows of a channel besides its events. */
export interface ChannelRow {
  readonly epoch: string
  readonly head: number
  readonly evictedThrough: number
}

/** The key of the row about a channel. */
export function channelKey(name: string): string {
  return `m\0${name}`
}

/** The name of the channel that such a row is about. */
export function channelName(key: string): string {
  return key.slice(2)
}

/** The key of an event's row; those of a channel sort as their numbers do. */
export function eventKey(name: string, sequence: number): string {
  return `e\0${name}\0${sequence.toString(16).padStart(16, '0')}`
}

/** The number of the event that such a row is of. */
export function sequenceOf(key: string): number {
  return Number.parseInt(key.slice(-16), 16)
}

/** The keys of a channel's events. */
export function eventRows(name: string): { gt: string; lt: string } {
  return { gt: `e\0${name}\0`, lt: `e\0${name}\x01` }
}

/** The key of the row of a delivery. */
export function deliveryKey(name: string, key: string): string {
  return `d\0${name}\0${key}`
}

/** The key of a delivery, from that of its row. */
export function deliveryOf(name: string, key: string): string {
  return key.slice(deliveryKey(name, '').length)
}

/** The rows of a channel's deliveries. */
export function deliveryRows(name: string): { gt: string; lt: string } {
  return { gt: deliveryKey(name, ''), lt: `d\0${name}\x01` }
}

/** What the row of an event holds; its number is in the key. */
export function encodeEventRow(key: string, event: HubEvent, entry: KeptEntry): string {
  const { id, place, first, time } = entry
  return seal(key, { ...event, id, place, first, time })
}

/** What stays of an event that has left the history, under its key. */
export function encodeDepartedRow(key: string, { id, first }: Departed): string {
  return seal(key, { id, first, departed: true })
}

/** @returns the event, or what stayed of it; undefined if the row holds neither */
export function decodeEventRow(key: string, value: string): KeptEntry | Departed | undefined {
  const row = parseRow(key, value)
  if (!row || typeof row.id !== 'string') return undefined
  const { id, data, event, retry, place, first, time, departed } = row
  const sequence = sequenceOf(key)
  if (departed === true && isCount(first)) return { id, first, sequence }
  if (typeof data !== 'string') return undefined
  const entry = toEntry(
    {
      id,
      data,
      ...(typeof event === 'string' && { event }),
      ...(typeof retry === 'number' && { retry }),
    },
    {
      sequence,
      place: isCount(place) ? place : sequence,
      first: isCount(first) ? first : sequence,
      time: isCount(time) ? time : 0,
    },
  )
  return { ...entry, id }
}

/** What the row about a channel holds. */
export function encodeChannelRow(key: string, { epoch, head, evictedThrough }: ChannelRow): string {
  return seal(key, { epoch, head, evictedThrough })
}

/** @returns undefined if the row does not describe a channel */
export function decodeChannelRow(key: string, value: string): ChannelRow | undefined {
  const row = parseRow(key, value)
  if (!row) return undefined
  const { epoch, head, evictedThrough } = row
  if (typeof epoch !== 'string' || !isCount(head) || !isCount(evictedThrough)) return undefined
  return { epoch, head, evictedThrough }
}

function seal(key: string, row: object): string {
  const json = JSON.stringify(row)
  return json + checksum(key, json)
}

/** Eight hexadecimal digits. */
function checksum(key: string, json: string): string {
  return crc32(json, crc32(key)).toString(16).padStart(8, '0')
}

function parseRow(key: string, value: string): Record<string, unknown> | undefined {
  let json = value
  if (!value.endsWith('}')) {
    json = value.slice(0, -8)
    if (value.slice(-8) !== checksum(key, json)) return undefined
  } // else a hub wrote it that gave rows none
  try {
    const row: unknown = JSON.parse(json)
    return typeof row === 'object' && row !== null ? { ...row } : undefined
  } catch {
    return undefined // torn or foreign
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
