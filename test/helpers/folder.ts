import { mkdtempSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PREFIX = join(tmpdir(), 'ssehub-test-')

/** A new folder of its own for a test, and what removes it. */
export async function makeFolder(): Promise<{ folder: string; clean: () => Promise<void> }> {
  const folder = await mkdtemp(PREFIX)
  return { folder, clean: () => rm(folder, { recursive: true, force: true }) }
}

const ofRun: string[] = []

process.on('exit', () => {
  for (const folder of ofRun) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** A new folder that goes when this process ends. */
export function makeFolderOfRun(): string {
  const folder = mkdtempSync(PREFIX)
  ofRun.push(folder)
  return folder
}
