import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where all folders of this run lie; it goes with the process. */
export const folderOfRun = mkdtempSync(join(tmpdir(), 'ssehub-test-'))

/**
 * Reads the process groups that are running, a line for every change. When this process is no
 * more, it ends the last of them, and removes the folder and what is mounted in it; whatever this
 * process has died of.
 */
const HEIR = `
  while read -r line; do groups=$line; done
  for group in $groups; do kill -KILL "-$group"; done
  while read -r _ point _; do case $point in "$1"/*) umount -l "$point";; esac; done </proc/mounts
  rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

const heir = spawn('sh', ['-c', HEIR, 'heir', folderOfRun], {
  detached: true, // Ctrl-C is not for it
  stdio: ['pipe', 'ignore', 'ignore'],
})
heir.unref()
const input = heir.stdin as Socket
input.unref()
input.on('error', () => {}) // somebody has ended it

/** Says which process groups are to end with this process. */
export function bequeath(groups: readonly number[]): void {
  input.write(`${groups.join(' ')}\n`)
}
