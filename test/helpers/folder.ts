import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder of its own for a test, and what removes it. */
export async function makeFolder(): Promise<{ folder: string; clean: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ssehub-test-'))
  return { folder, clean: () => rm(folder, { recursive: true, force: true }) }
}
