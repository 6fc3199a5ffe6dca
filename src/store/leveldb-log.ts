import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { foreignCodeOf } from '../errors.js'

/** Records do not go over the ends of blocks of this size. */
const BLOCK = 32_768

/** A record's checksum, length and type come before it, in this many bytes. */
const HEADER = 7

/** The last of the types: whole, first, middle and last part. */
const LAST_TYPE = 4

/**
 * Finds a log in a database's folder that is damaged before its end. LevelDB would pass over what
 * it cannot read there, and open without it; a write that was torn at the end is no damage.
 *
 * @returns the file's name, and where the damage begins
 */
export async function findDamagedLog(
  folder: string,
): Promise<{ readonly name: string; readonly at: number } | undefined> {
  for (const name of await readdir(folder)) {
    if (!/^\d+\.log$/.test(name)) continue
    const log = await readFile(join(folder, name)).catch((error: unknown) => {
      if (foreignCodeOf(error) === 'ENOENT') return Buffer.alloc(0) // a hub that runs is done with it
      throw error
    })
    const at = damageIn(log)
    if (at !== undefined) return { name, at }
  }
  return undefined
}

/**
 * Where a log is damaged; undefined if it is whole, or torn at its end.
 *
 * [spec] https://github.com/google/leveldb/blob/main/doc/log_format.md
 */
export function damageIn(log: Buffer): number | undefined {
  let at = 0
  while (at < log.length) {
    const left = BLOCK - (at % BLOCK)
    if (left < HEADER) {
      at += left // too little for a record: filled up
      continue
    }
    const end = endOfRecord(log, at)
    if (end === undefined) return isTorn(log, at) ? undefined : at
    at = end
  }
  return undefined
}

/** Where the record ends that begins there; undefined if it is not whole. */
function endOfRecord(log: Buffer, at: number): number | undefined {
  if (log.length - at < HEADER) return undefined
  const type = log.readUInt8(at + 6)
  const end = at + HEADER + log.readUInt16LE(at + 4)
  const isInside = end <= log.length && end <= at - (at % BLOCK) + BLOCK
  if (type === 0 || type > LAST_TYPE || !isInside) return undefined
  return log.readUInt32LE(at) === checksum(log.subarray(at + 6, end)) ? end : undefined
}

/**
 * Whether what stands there is a write that a crash, or a power cut, kept from its end: it stops
 * short, or all that is missing is zeros, and nothing whole comes after it.
 */
function isTorn(log: Buffer, at: number): boolean {
  if (log.length - at < HEADER) return true
  const isShort = at + HEADER + log.readUInt16LE(at + 4) > log.length
  // With a length that is right it would be whole.
  const isWhole = log.readUInt32LE(at) === checksum(log.subarray(at + 6))
  if (isWhole || (!isShort && log.at(-1) !== 0)) return false
  for (let next = at + 1; next + HEADER < log.length; next += 1) {
    if (endOfRecord(log, next) !== undefined) return false
  }
  return true
}

const TABLE = new Uint32Array(256).map((_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** CRC-32C, masked as LevelDB keeps it. */
function checksum(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
