import { randomBytes } from 'node:crypto'
import { NOTHING, type Snapshot } from '../event/entry.js'

/** The name of a new life of a channel's sequence: eight random letters and digits. */
export function newEpoch(): string {
  return randomBytes(8).readBigUInt64BE().toString(36).padStart(13, '0').slice(-8)
}

/** A channel that nothing is known of: a new epoch begins. */
export function emptySnapshot(): Snapshot {
  return { ...NOTHING, epoch: newEpoch() }
}
