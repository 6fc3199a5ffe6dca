import { mkdir, readdir, realpath } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { foreignCodeOf, HubError, messageOf } from '../errors.js'
import { findDamagedLog } from './leveldb-log.js'

export type Database = ClassicLevel<string, string>

/** One write, which happens whole or not at all. */
export type Operation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string }

/**
 * The databases that this process has open. LevelDB locks against other processes, but a failed
 * second open from the same process would drop that lock, so it must not get that far.
 */
const openLocations = new Set<string>()

/** What there is to do about a database that cannot be read. */
export const REMEDY =
  'if it is damaged, restore the folder from a backup, or move it away to begin with empty histories'

/**
 * Opens the database in a folder.
 *
 * @param create whether to make one where there is none
 * @throws {HubError} `STORE_LOCKED` if a hub has it open, `STORE_FAILED` if it cannot be opened
 */
export async function openDatabase(folder: string, create = true): Promise<Database> {
  let location = folder
  try {
    if (create) await mkdir(folder, { recursive: true })
    location = await realpath(folder)
  } catch (error) {
    if (!create && foreignCodeOf(error) === 'ENOENT') {
      const message = `there is no leveldb database in ${folder}; set leveldb.storageDir to the one of the hub`
      throw new HubError('STORE_FAILED', message, { cause: error })
    }
    throw new HubError(
      'STORE_FAILED',
      `cannot use the folder ${folder} for leveldb: ${messageOf(error)}; set leveldb.storageDir to one that this user can write to`,
      { cause: error },
    )
  }
  if (openLocations.has(location)) throw locked(location)
  openLocations.add(location)
  try {
    const damaged = await findDamagedLog(location)
    if (damaged) {
      const { name, at } = damaged
      throw new Error(
        `its log ${name} is damaged at byte ${at}; with that file moved away, the events in it are lost, and no others`,
      )
    }
    const createIfMissing = create && !(await holdsEvents(location))
    const database: Database = new ClassicLevel(location, { createIfMissing })
    await database.open()
    return database
  } catch (error) {
    openLocations.delete(location)
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    if (foreignCodeOf(cause) === 'LEVEL_LOCKED') throw locked(location, error)
    throw new HubError(
      'STORE_FAILED',
      `cannot open the leveldb database in ${location}: ${messageOf(cause)}; ${remedyOf(cause)}`,
      { cause: error },
    )
  }
}

/** A database is not damaged because its disk is full. */
function remedyOf(cause: unknown): string {
  return /No space left|File too large/.test(messageOf(cause)) ? 'make room on its disk' : REMEDY
}

/** Where its file CURRENT is lost, LevelDB would make a new database, and delete what was there. */
async function holdsEvents(location: string): Promise<boolean> {
  return (await readdir(location)).some((name) => /\.(ldb|log)$/.test(name))
}

/** Writes all or nothing. In a chain, as here, that is cheaper than as a list. */
export async function write(
  database: Database,
  operations: readonly Operation[],
  sync: boolean,
): Promise<void> {
  const chain = database.batch()
  for (const operation of operations) {
    if (operation.type === 'put') chain.put(operation.key, operation.value)
    else chain.del(operation.key)
  }
  await chain.write({ sync })
}

/** Closes a database that `openDatabase` gave. */
export async function closeDatabase(database: Database): Promise<void> {
  await database.close()
  openLocations.delete(database.location)
}

function locked(location: string, cause?: unknown): HubError {
  return new HubError(
    'STORE_LOCKED',
    `the leveldb database in ${location} is in use by another hub; stop that one, or set leveldb.storageDir to another folder`,
    { cause },
  )
}
