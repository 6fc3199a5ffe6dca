import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { HubError } from '../errors.js'

/**
 * The folder for the histories where the configuration names none: the first that can be made
 * and written to of `$XDG_STATE_HOME/ssehub`, `~/.local/state/ssehub` and `/tmp/ssehub-<uid>`.
 * Makes it.
 *
 * @throws {HubError} `INVALID_CONFIG` if there is none
 */
export function defaultStorageDir(env: NodeJS.ProcessEnv): string {
  const folders = storageDirs(env)
  const usable = folders.find(isUsable)
  if (usable !== undefined) return usable
  throw new HubError(
    'INVALID_CONFIG',
    `leveldb.storageDir: found nothing, and cannot write to ${folders.join(' or ')}; wants a folder`,
  )
}

/** The folders that `defaultStorageDir` tries, best first; looks at none. */
export function storageDirs(env: NodeJS.ProcessEnv): string[] {
  const home = env.HOME || homeOfUser()
  const bases = [env.XDG_STATE_HOME ?? '', home && join(home, '.local', 'state')]
  return [...bases.filter(isAbsolute).map((base) => join(base, 'ssehub')), shared()]
}

function isUsable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.W_OK | constants.X_OK)
    return folder !== shared() || isOwn(folder)
  } catch {
    return false
  }
}

/** Where everyone can make folders, somebody else may have made ours. */
function isOwn(folder: string): boolean {
  const stat = lstatSync(folder)
  return stat.isDirectory() && (!process.getuid || stat.uid === process.getuid())
}

function shared(): string {
  return join(tmpdir(), `ssehub-${process.getuid?.() ?? 'user'}`)
}

function homeOfUser(): string {
  try {
    return homedir()
  } catch {
    return '' // a user without an entry in /etc/passwd, as in some containers
  }
}
