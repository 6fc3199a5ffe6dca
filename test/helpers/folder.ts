import { mkdtempSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { folderOfRun } from './heir.js'

const PREFIX = join(folderOfRun, 'test-')

/** A new folder of its own for a test, and what removes it. */
export async function makeFolder(): Promise<{ folder: string; clean: () => Promise<void> }> {
  const folder = await mkdtemp(PREFIX)
  return { folder, clean: () => rm(folder, { recursive: true, force: true }) }
}

/** A new folder that goes when the tests are done. */
export function makeFolderOfRun(): string {
  return mkdtempSync(PREFIX)
}
